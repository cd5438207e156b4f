"""/manage/<token> from a mail, and /stop, which mails that link: without signing in.

Opening an address changes nothing, since mail scanners open it too; every change is a button.
"""

from __future__ import annotations

import secrets
from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.accounts import people
from app.core import jobs
from app.core.errors import AppError, Gone, TooMany
from app.core.i18n import gettext as _
from app.core.i18n import lazy_gettext as _l
from app.core.web import (
    database,
    limiter,
    now,
    reading,
    refusal,
    services,
    settings,
    transaction,
)
from app.membership import changing, leaving, linking, queries, showing, throttling
from app.membership.forms import AmountForm, StopForm
from app.membership.models import LIVING, Pledge
from app.membership.views import change_page
from app.membership.views.blueprint import bp


class LinkOver(Gone):
    title = _l("This link has run out")
    message = _l("It worked for 30 days. We can mail you a new one: see “Stop a pledge” below.")


@bp.get("/manage/<token>")
def manage(token: str) -> ResponseReturnValue:
    """One pledge, from a mail."""
    with reading() as db:
        return _page(db, token, AmountForm(request.args))


@bp.post("/manage/<token>/stop")
def manage_stop(token: str) -> ResponseReturnValue:
    """Stop the pledge of a mail."""
    return _do(token, leaving.stop, _("Stopped. Nothing is charged any more."))


@bp.post("/manage/<token>/keep")
def manage_keep(token: str) -> ResponseReturnValue:
    """Take the stop back."""
    return _do(token, leaving.keep, _("It goes on as before."))


@bp.post("/manage/<token>/lower")
def manage_lower(token: str) -> ResponseReturnValue:
    """Give less from the next charge on."""
    ref, form = _ref(token), AmountForm()
    with reading() as db:
        pledge = _pledge(db, ref)
        if not form.validate() or not change_page.read(db, form, ref, below=pledge.total):
            return make_response(_page(db, token, form), 422)
    try:
        throttling.changing(limiter(), pledge=ref)
        then = changing.change(
            database(),
            services()["gateway"],
            ref=ref,
            amount=form.amount.minor or 0,
            cover=bool(form.cover_fees.data),
            now=now(),
        )
    except AppError as error:
        return _again(token, form, error)
    flash(change_page.changed(then))
    return redirect(url_for("membership.manage", token=token), 303)


@bp.get("/stop")
def ask_to_stop() -> ResponseReturnValue:
    """Where somebody without an account finds how to stop."""
    return _ask(StopForm())


@bp.post("/stop")
def send_link() -> ResponseReturnValue:
    """Mail the link to the pledge of this address; the answer is the same for every address."""
    form = StopForm()
    if not form.validate():
        return make_response(_ask(form), 422)
    try:
        throttling.asking_for_link(
            limiter(), email=form.email.data or "", address=request.remote_addr
        )
    except TooMany as error:
        return refusal(_ask(form.refused(error)), error)
    with transaction() as db:
        account = people.by_email(db, form.email.data or "")
        payload = {"account": account.id if account else None, "key": secrets.token_hex(8)}
        jobs.enqueue(db, "membership.mail_link", now=now(), payload=payload, awaited=True)
    return _ask(form, sent=True)


def _ask(form: StopForm, *, sent: bool = False) -> str:
    return render_template("membership/stop_by_mail.html", form=form, sent=sent)


def _do(token: str, verb: Any, words: str) -> ResponseReturnValue:
    ref = _ref(token)
    try:
        throttling.changing(limiter(), pledge=ref)
        verb(database(), services()["gateway"], ref=ref, now=now())
    except AppError as error:
        return _again(token, AmountForm(formdata=None), error)
    flash(words)
    return redirect(url_for("membership.manage", token=token), 303)


def _page(db: Session, token: str, form: AmountForm, trouble: AppError | None = None) -> str:
    ref = _ref(token)
    pledge = _pledge(db, ref)
    base = url_for("membership.manage", token=token)
    context: dict[str, Any] = {"pledge": showing.pledge(db, pledge), "base": base}
    if pledge.state in changing.CHANGEABLE and pledge.cancels_at is None:
        context |= change_page.context(db, form, ref=ref, base=base, below=pledge.total)
    return render_template(
        "membership/manage.html",
        lives=pledge.state in LIVING,
        tried=leaving.is_tried(db, pledge),
        ended_at=pledge.ended_at,
        at_once=leaving.ends_at_once(db, pledge),
        trouble=trouble,
        **{"form": None, "presets": [], "preview": None, **context},
    )


def _again(token: str, form: AmountForm, error: AppError) -> ResponseReturnValue:
    with reading() as db:
        return refusal(_page(db, token, form, trouble=error), error)


def _ref(token: str) -> str:
    """The ref in a link; raises LinkOver for one that is foreign or too old."""
    ref = linking.ref_in(settings(), token)
    if ref is None:
        raise LinkOver()
    return ref


def _pledge(db: Session, ref: str) -> Pledge:
    pledge = queries.by_ref(db, ref)
    if pledge is None:
        raise LinkOver()
    return pledge
