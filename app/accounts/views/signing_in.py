"""Signing in by mail, signing out, and the account's own pages."""

from __future__ import annotations

from typing import cast

from flask import Response, flash, render_template, request, session, url_for
from flask_login import LoginManager, current_user

from app.accounts import devices, limiting, people, sessions, signing_in
from app.accounts.forms import CodeForm, LanguageForm, SignInForm
from app.accounts.views.blueprint import bp
from app.accounts.views.going_on import Answer, go_on, local, see, start
from app.core.clock import wall_clock
from app.core.errors import TooMany
from app.core.i18n import gettext as _
from app.core.i18n import language
from app.core.signing import new_token
from app.core.web import (
    database,
    limiter,
    nav,
    now,
    reading,
    refusal,
    settings,
    signed_in,
    transaction,
)
from app.core.web.failures import MACHINE_PATHS

ASKED = "sign_in"  # the cookie's note of who asked here, while a code may come

nav.add("account", "accounts.devices", label=lambda: _("Devices signed in"), order=80)
nav.add("account", "accounts.show_language", label=lambda: _("Language"), order=90)


def load_people(login: LoginManager) -> None:
    """Tell Flask-Login how a cookie becomes a person."""

    @login.user_loader  # type: ignore[untyped-decorator]
    def load(token: str) -> sessions.Person | None:
        with database().statement() as db:
            return sessions.person(db, token=token, wall=wall_clock())


@bp.before_app_request
def _note_use() -> None:
    """Keep when a browser was last used: by what it sends, for reading writes nothing."""
    if request.method != "POST" or request.path.startswith(MACHINE_PATHS):
        return
    if "_user_id" not in session or not current_user.is_authenticated:
        return
    wall = wall_clock()
    if wall - current_user.last_seen_at > sessions.SEEN_AGAIN:
        with transaction() as db:
            sessions.touch(db, session_id=current_user.session_id, wall=wall)


@bp.get("/sign-in")
def sign_in() -> Answer:
    """Ask for the address. Who is signed in already goes on."""
    if current_user.is_authenticated:
        return go_on(request.args.get("next"), is_staff=current_user.role is not None)
    return _ask(SignInForm(email=request.args.get("email", "")))


@bp.post("/sign-in")
def send_link() -> Answer:
    """Send a link and a code, or nothing; the answer is the same."""
    form = SignInForm()
    if not form.validate():
        return _ask(form), 422
    email = form.email.data or ""
    try:
        limiting.asking(limiter(), email=email, address=request.remote_addr)
    except TooMany as error:
        return refusal(_ask(form.refused(error)), error)
    asked = _asked_by(email)
    with transaction() as db:
        signing_in.request_link(
            db,
            email=email,
            language=language(),
            browser=asked["browser"],
            next_path=local(request.form.get("next")),
            now=now(),
            wall=wall_clock(),
        )
    session[ASKED] = asked
    return see(url_for("accounts.enter_code"))


@bp.get("/sign-in/code")
def enter_code() -> Answer:
    """Where the code of the mail is typed in."""
    if ASKED not in session:
        return see(url_for("accounts.sign_in"))
    return _show_code(CodeForm())


@bp.post("/sign-in/code")
def use_code() -> Answer:
    """Sign in by the code, in the browser that asked for it."""
    form = CodeForm()
    asked = session.get(ASKED)
    if asked is None and current_user.is_authenticated:  # by the link, in another tab
        return see(url_for("accounts.sign_in"))
    if asked is None:
        form.refuse(_("A code works only in the browser that asked for it. Open the link instead."))
        return _show_code(form), 422
    limiting.typing_code(limiter(), person=asked["who"], address=request.remote_addr)
    if not form.validate():
        return _show_code(form), 422
    with transaction() as db:
        came_in = signing_in.use_code(
            db,
            settings=settings(),
            browser=asked["browser"],
            code=form.code.data or "",
            device=_device(),
            now=now(),
            wall=wall_clock(),
        )
    if came_in is None:
        form.refuse(_("This code is wrong, or too old. Look at the newest mail, or ask again."))
        return _show_code(form), 422
    limiting.typed_right(limiter(), person=asked["who"], address=request.remote_addr)
    return _welcome(came_in)


@bp.get("/sign-in/<token>")
def look_at_link(token: str) -> Answer:
    """One button. Opening the link changes nothing: scanners of mails open it too."""
    with reading() as db:
        link = signing_in.look_at_link(db, token=token, wall=wall_clock())
    return _show_link(token, link)


@bp.post("/sign-in/<token>")
def use_link(token: str) -> Answer:
    """Sign in by the link, in any browser."""
    wall = wall_clock()
    with transaction() as db:
        came_in = signing_in.use_link(db, token=token, device=_device(), now=now(), wall=wall)
    if came_in is not None:
        return _welcome(came_in)
    with reading() as db:
        link = signing_in.look_at_link(db, token=token, wall=wall)
    return _show_link(token, link)


@bp.post("/sign-out")
def sign_out() -> Response:
    """End this browser's session, here and in the database."""
    _end_session()
    session.clear()
    return see("/")


@bp.get("/account/devices", endpoint="devices")
@signed_in
def show_devices() -> str:
    """The browsers that are signed in."""
    with reading() as db:
        own = sessions.of_account(db, account_id=current_user.id, wall=wall_clock())
    return render_template(
        "accounts/devices.html", sessions=own, current_id=current_user.session_id
    )


@bp.post("/account/devices/<int:session_id>/end")
@signed_in
def end_device(session_id: int) -> Response:
    """Sign one browser out."""
    if session_id == current_user.session_id:
        return sign_out()
    with transaction() as db:
        sessions.revoke(db, account_id=current_user.id, session_id=session_id, wall=wall_clock())
    flash(_("That device is signed out."))
    return see(url_for("accounts.devices"))


@bp.post("/account/devices/end-others")
@signed_in
def end_other_devices() -> Response:
    """Sign all browsers out but this one."""
    with transaction() as db:
        sessions.revoke_all(
            db, account_id=current_user.id, wall=wall_clock(), keep=current_user.session_id
        )
    flash(_("All other devices are signed out."))
    return see(url_for("accounts.devices"))


@bp.get("/account/language")
@signed_in
def show_language() -> str:
    """The language of mails and pages."""
    return render_template(
        "accounts/language.html", form=LanguageForm(language=current_user.language)
    )


@bp.post("/account/language")
@signed_in
def change_language() -> Answer:
    """Write to this person in another language, and show them pages in it."""
    form = LanguageForm()
    if not form.validate():
        return render_template("accounts/language.html", form=form), 422
    with transaction() as db:
        people.change_language(db, account_id=current_user.id, language=form.language.data or "")
    flash(_("We write to you in this language from now on."))
    return see(url_for("accounts.show_language", lang=form.language.data))


def _asked_by(email: str) -> dict[str, str]:
    """The note of who asks here: asking again keeps it, so that the code of either mail works."""
    who = limiting.who(email)
    before = session.get(ASKED)
    if before and before["who"] == who:
        return cast(dict[str, str], before)
    return {"browser": new_token(), "who": who}


def _ask(form: SignInForm) -> str:
    target = local(request.values.get("next")) or ""
    return render_template("accounts/sign_in.html", form=form, next=target)


def _show_code(form: CodeForm) -> str:
    return render_template("accounts/sign_in_sent.html", form=form, minutes=signing_in.MINUTES)


def _show_link(token: str, link: signing_in.Link) -> Answer:
    page = render_template(
        "accounts/sign_in_confirm.html", token=token, link=link, minutes=signing_in.MINUTES
    )
    return page if link.state == "good" else (page, 404 if link.state == "unknown" else 410)


def _welcome(came_in: signing_in.SignedIn) -> Response:
    """Put the new session into this browser, in place of whatever its cookie had."""
    who = limiting.who(came_in.email)
    limiting.signed_in(limiter(), person=who, address=request.remote_addr)
    _end_session()
    start(came_in.token)
    return go_on(came_in.next_path, is_staff=came_in.is_staff)


def _end_session() -> None:
    if current_user.is_authenticated:
        with transaction() as db:
            sessions.revoke(
                db,
                account_id=current_user.id,
                session_id=current_user.session_id,
                wall=wall_clock(),
            )


def _device() -> str:
    return devices.describe(request.headers.get("User-Agent", ""))
