"""/account: the pledge in one sentence, what it may become, its payments and receipts."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from app.core import i18n
from app.core.errors import AppError
from app.core.i18n import gettext as _
from app.core.pagination import Cursor
from app.core.web import (
    database,
    limiter,
    now,
    reading,
    refusal,
    services,
    signed_in,
    transaction,
)
from app.membership import (
    changing,
    consenting,
    leaving,
    naming,
    queries,
    receipting,
    showing,
    teasers,
    throttling,
    wording,
)
from app.membership.forms import AmountForm, ConsentForm
from app.membership.models import LIVING, Consent
from app.membership.views import change_page
from app.membership.views.blueprint import bp


@bp.get("/account")
@signed_in
def account() -> ResponseReturnValue:
    """What somebody gives, what comes next, and what it did."""
    me = current_user.id
    with reading() as db:
        found = queries.last_pledge_of(db, me)
        lives = found is not None and found.state in LIVING
        return render_template(
            "membership/account.html",
            person=current_user,
            pledge=showing.pledge(db, found) if found and lives else None,
            ended=found if found and not lives else None,
            tried=showing.pledge(db, found) if found and leaving.is_tried(db, found) else None,
            gift=showing.newest_gift(db, me),
            payments=showing.newest_payments(db, me),
            sums=showing.sums(db, me),
            **{"round": None, "did": [], **teasers.for_account(db, me, i18n.language(), now())},
        )


@bp.get("/account/change")
@signed_in
def change() -> ResponseReturnValue:
    """Another amount: the next charge before and after, before anything is changed."""
    with reading() as db:
        return _change_page(db, AmountForm(request.args))


@bp.post("/account/change")
@signed_in
def send_change() -> ResponseReturnValue:
    """Change the amount as it was shown."""
    form = AmountForm()
    with reading() as db:
        ref = _own_ref(db)
        if not form.validate() or not change_page.read(db, form, ref):
            return make_response(_change_page(db, form), 422)
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
        with reading() as db:
            return refusal(_change_page(db, form, trouble=error), error)
    flash(change_page.changed(then))
    return redirect(url_for("membership.account"), 303)


@bp.get("/account/stop")
@signed_in
def stop() -> ResponseReturnValue:
    """One screen: when it ends, what stays, and a button; no question first."""
    with reading() as db:
        return _stop_page(db)


@bp.post("/account/stop")
@signed_in
def send_stop() -> ResponseReturnValue:
    """Stop the pledge."""
    with reading() as db:
        found = leaving.to_stop(db, current_user.id)
        ref = found.ref if found is not None else ""
    try:
        throttling.changing(limiter(), pledge=ref)
        leaving.stop(database(), services()["gateway"], ref=ref, now=now())
    except AppError as error:
        with reading() as db:
            return refusal(_stop_page(db, trouble=error), error)
    return redirect(url_for("membership.account"), 303)


@bp.post("/account/keep")
@signed_in
def keep() -> ResponseReturnValue:
    """Take the stop back."""
    with reading() as db:
        ref = _own_ref(db)
    throttling.changing(limiter(), pledge=ref)
    leaving.keep(database(), services()["gateway"], ref=ref, now=now())
    flash(_("It goes on as before."))
    return redirect(url_for("membership.account"), 303)


@bp.get("/account/payments")
@signed_in
def payments() -> ResponseReturnValue:
    """All payments, newest first, with their receipts."""
    with reading() as db:
        page = showing.payments(db, current_user.id, Cursor.from_query(request.args))
        return render_template(
            "membership/payments.html",
            page=page,
            sums=showing.sums(db, current_user.id),
            here=url_for("membership.payments"),
        )


@bp.get("/account/receipts/<int:receipt_id>")
@signed_in
def receipt(receipt_id: int) -> ResponseReturnValue:
    """One receipt, to be printed; another's answers like one that does not exist."""
    with reading() as db:
        paper = receipting.paper(db, receipt_id=receipt_id, account_id=current_user.id)
    return render_template("membership/receipt.html", paper=paper)


@bp.get("/account/consents")
@signed_in
def consents() -> ResponseReturnValue:
    """The name we have, and what may be done with it."""
    with reading() as db:
        given = consenting.given(db, current_user.id)
    form = ConsentForm(name=current_user.name or "", **{one.kind: True for one in given})
    return _consent_page(form, given)


@bp.post("/account/consents")
@signed_in
def send_consents() -> ResponseReturnValue:
    """Give and take back consents; from this moment they are honoured so."""
    form = ConsentForm()
    with transaction() as db:
        if not form.validate():
            return make_response(_consent_page(form, consenting.given(db, current_user.id)), 422)
        naming.rename(db, account_id=current_user.id, name=form.name.data or None)
        consenting.choose(
            db,
            account_id=current_user.id,
            kinds=form.kinds(),
            language=i18n.language(),
            now=now(),
        )
    flash(_("Kept."))
    return redirect(url_for("membership.consents"), 303)


def _own_ref(db: Session) -> str:
    """The ref of this person's living pledge; "" where there is none, which no verb accepts."""
    found = queries.pledge_of(db, current_user.id)
    return found.ref if found is not None else ""


def _change_page(db: Session, form: AmountForm, trouble: AppError | None = None) -> str:
    context = change_page.context(db, form, ref=_own_ref(db), base="/account/change")
    return render_template("membership/change.html", trouble=trouble, **context)


def _stop_page(db: Session, trouble: AppError | None = None) -> str:
    found = leaving.to_stop(db, current_user.id)
    if found is None or found.cancels_at is not None:
        stopped = showing.pledge(db, found) if found is not None else None
        return render_template("membership/nothing_to_stop.html", pledge=stopped)
    return render_template(
        "membership/stop.html",
        pledge=showing.pledge(db, found),
        at_once=leaving.ends_at_once(db, found),
        round=teasers.round_now(db, i18n.language(), now()),
        trouble=trouble,
    )


def _consent_page(form: ConsentForm, given: list[Consent]) -> str:
    return render_template(
        "membership/consents.html",
        form=form,
        consents=[(form[kind], hint) for kind, (_label, hint) in wording.CONSENTS.items()],
        given=given,
    )
