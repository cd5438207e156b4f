"""Staff's second factor: before the desk opens, and again before what is sensitive."""

from __future__ import annotations

import segno
from flask import Response, make_response, render_template, request
from flask_login import current_user, login_user
from markupsafe import Markup

from app.accounts import limiting, sessions
from app.accounts import second_factor as factors
from app.accounts.forms import CodeForm
from app.accounts.views.blueprint import bp
from app.accounts.views.going_on import Answer, go_on, local, start
from app.core.clock import wall_clock
from app.core.errors import Forbidden, TooMany
from app.core.i18n import gettext as _
from app.core.web import database, limiter, now, reading, refusal, signed_in, transaction, waiting
from app.core.web.access import asks_again
from app.newsroom import queries


@bp.get("/sign-in/second-factor")
@signed_in
def second_factor() -> Answer:
    """Where staff type the code of their app, or set the app up."""
    if current_user.role is None:
        raise Forbidden()
    if current_user.has_second_factor:
        return go_on(request.args.get("next"), is_staff=True)
    return _show(CodeForm())


@bp.post("/sign-in/second-factor")
@signed_in
def enter_second_factor() -> Answer:
    """Open the desk to this browser."""
    if current_user.role is None:
        raise Forbidden()
    form = CodeForm()
    token = _check(form)
    if token is None:
        return _show(form), 422
    start(token)
    return go_on(request.form.get("next"), is_staff=True)


def ask_again() -> Response | None:
    """Ask for the app's code before what was sent is done; what was sent waits in that page.

    None where the right code came with it: then it is done.
    """
    form = CodeForm(prefix="second_factor-")
    if form.code.name not in request.form:
        return make_response(_confirm_page(form), Forbidden.status)
    try:
        token = _check(form)
    except TooMany as error:
        return refusal(_confirm_page(form.refused(error)), error)
    if token is None:
        return make_response(_confirm_page(form), 422)
    with database().statement() as db:
        person = sessions.person(db, token=token, wall=wall_clock())
    login_user(person)
    return None


asks_again.append(ask_again)


def _check(form: CodeForm) -> str | None:
    """The new token of this browser's cookie; None with a word in the form for a wrong code.

    Raises TooManyCodes.
    """
    person = f"account:{current_user.id}"
    limiting.typing_code(limiter(), person=person, address=request.remote_addr)
    if not form.validate():
        return None
    with transaction() as db:
        token = factors.enter(
            db,
            account_id=current_user.id,
            session_id=current_user.session_id,
            code=form.code.data or "",
            now=now(),
            wall=wall_clock(),
        )
    if token is None:
        form.refuse(_("This code is wrong, or was used already. Wait for the next one."))
        return None
    limiting.typed_right(limiter(), person=person, address=request.remote_addr)
    return token


def _confirm_page(form: CodeForm) -> str:
    return render_template("accounts/confirm.html", form=form, sent=waiting.typed())


def _show(form: CodeForm) -> str:
    """With the secret as a square and as text, until the app was set up."""
    with reading() as db:
        name = queries.current(db).name
        app = factors.to_set_up(db, account_id=current_user.id, newsroom=name)
    target = local(request.values.get("next")) or ""
    return render_template(
        "accounts/second_factor.html",
        form=form,
        next=target,
        enrol=app is not None,
        secret=app.secret if app else "",
        qr=_square(app.address) if app else "",
    )


def _square(text: str) -> Markup:
    """A QR code as SVG within the page: the secret goes to nobody else."""
    code = segno.make(text, micro=False)
    drawn = code.svg_inline(scale=5, border=4, dark="#000", light="#fff", svgclass=None)
    return Markup(drawn)  # noqa: S704  # nosec B704  (drawn by segno from numbers)
