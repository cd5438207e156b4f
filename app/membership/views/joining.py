"""/join and /join/thanks: what a reader meets before and after paying."""

from __future__ import annotations

import re
from typing import Any

from flask import make_response, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from app.core import i18n
from app.core.errors import AppError
from app.core.i18n import lazy_gettext as _l
from app.core.web import database, limiter, now, reading, refusal, services, settings
from app.core.web.alike import alike
from app.membership import joining, paying, queries, teasers, thanking, throttling
from app.membership.forms import JoinForm
from app.membership.models import Pledge
from app.membership.offering import Choice
from app.membership.views import join_page
from app.membership.views.blueprint import bp
from app.newsroom import queries as newsroom
from app.newsroom.here import here

CHECKOUT_ID = re.compile(r"cs_[A-Za-z0-9_]{1,250}")
RECENT = "joining"


class SentByMachine(AppError):
    status = 422
    message = _l("Something in the form was not right. Look at it, then send it once more.")


@bp.get("/join")
@alike(uses=JoinForm.CHOOSING, personal=JoinForm.TYPING, by_referrer=True)
def join() -> ResponseReturnValue:
    """The join page, with the choice that the address names."""
    with reading() as db:
        form = _form(db, request.args)
        if not form.email.data and current_user.is_authenticated:
            form.email.data = current_user.email
        if not form.referrer.data:
            form.referrer.data = _came_from()
        join_page.look(form, is_open=request.args.get("amount") == "")
        return _page(db, form)


@bp.post("/join")
def send() -> ResponseReturnValue:
    """Keep the choice and go on to the page to pay on; else the form again, as it was typed."""
    with reading() as db:
        form = _form(db, request.form)
        is_valid, choice = form.validate(), form.choice()
        if form.website.data:  # people do not see that field
            return _page(db, form, trouble=SentByMachine())
        if not is_valid or choice is None or not joining.may_begin(choice, _known(db)):
            return _page(db, form, status=422)
        if form.shown.data and form.shown.data != choice.key:
            return _page(db, form, status=422, confirm=True)
    try:
        begun = _begin(form, choice)
    except AppError as error:
        with reading() as db:
            return _page(db, form, trouble=error)
    session[RECENT] = begun.ref
    return redirect(begun.url, 303)


@bp.get("/join/thanks")
def thanks() -> ResponseReturnValue:
    """What became of a payment, true even before Stripe's events have come."""
    checkout_id = request.args.get("session_id", "")
    if not CHECKOUT_ID.fullmatch(checkout_id):
        return _unknown_payment()
    may_ask = throttling.looking(limiter(), checkout=checkout_id)
    paid = thanking.look(
        database(), services()["gateway"], checkout_id=checkout_id, may_ask=may_ask, now=now()
    )
    if paid is None:
        return _unknown_payment()
    with reading() as db:
        return render_template(
            "membership/thanks.html",
            paid=paid,
            round=teasers.round_now(db, i18n.language(), now()),
        )


def _form(db: Session, data: Any) -> JoinForm:
    form = JoinForm(data)
    form.open_for(here(), newsroom.offers(db))
    return form


def _page(
    db: Session,
    form: JoinForm,
    *,
    status: int = 200,
    confirm: bool = False,
    trouble: AppError | None = None,
) -> ResponseReturnValue:
    context = join_page.context(form, offers=form.offers, known=_known(db), now=now())
    page = render_template(
        "membership/join.html",
        confirm=confirm,
        trouble=trouble,
        closed=not form.newsroom.sign_up_open,
        round=teasers.round_now(db, i18n.language(), now()),
        **context,
    )
    return make_response(page, status) if trouble is None else refusal(page, trouble)


def _begin(form: JoinForm, choice: Choice) -> paying.Begun:
    wish = joining.Wish(
        choice=choice,
        email=form.email.data or "",
        language=i18n.language(),
        consents=form.consents(),
        campaign=form.campaign.data or None,
        article=form.article.data or None,
        referrer=form.referrer.data or None,
    )
    throttling.joining(
        limiter(),
        form=f"{form.form_key.data}:{wish.key}",
        email=wish.email,
        browser=str(session.get("csrf_token", "")),
        address=request.remote_addr,
    )
    return paying.begin(
        database(),
        services()["gateway"],
        wish=wish,
        form_key=str(form.form_key.data),
        recent=session.get(RECENT),
        site_url=settings().site_url,
        now=now(),
    )


def _known(db: Session) -> Pledge | None:
    """The living pledge of who is signed in. Nobody learns of another's from an address."""
    return queries.pledge_of(db, current_user.id) if current_user.is_authenticated else None


def _came_from() -> str:
    """The page outside of here that linked to us, without what it asked for."""
    place = (request.referrer or "").split("?")[0].split("#")[0]
    return "" if place.startswith(request.host_url) else place[:200]


def _unknown_payment() -> ResponseReturnValue:
    return make_response(render_template("membership/unknown_payment.html"), 404)
