"""Payments, events and the comparison with Stripe, for finance; the viewer may look at payments."""

from __future__ import annotations

import json
from typing import cast

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.core import jobs
from app.core.errors import AppError, NotFound
from app.core.i18n import gettext as _
from app.core.pagination import Cursor
from app.core.web import database, nav, now, reading, refusal, requires, services, transaction
from app.core.web.access import may
from app.payments import queries, reconcile, refunding, replaying, requesting
from app.payments.forms import RefundForm
from app.payments.gateway import ID

bp = Blueprint("payments_staff", __name__, url_prefix="/admin")
nav.add("desk", "payments_staff.payments", label=lambda: _("Payments"), order=20)
nav.add("desk", "payments_staff.events", label=lambda: _("Events"), order=25)


@bp.get("/payments")
@requires("finance", "viewer")
def payments() -> str:
    """Every try to take money, newest first; or what does not carry our reference."""
    shows_unclaimed = bool(request.args.get("unclaimed"))
    search = request.args.get("q", "").strip()[:255]
    with reading() as session:
        page = queries.payments(
            session, search=search, after=_id("after"), before=_id("before")
        )  # fmt: skip
        return render_template(
            "payments/payments.html",
            page=page,
            search=search,
            show="unclaimed" if shows_unclaimed else "payments",
            unclaimed=queries.unclaimed(session) if shows_unclaimed else [],
            unclaimed_count=queries.count_unclaimed(session),
            is_finance=may(current_user, "finance"),
        )


@bp.get("/payments/<charge_id>")
@requires("finance", "viewer")
def payment(charge_id: str) -> str:
    """One payment: what came of it, what is booked of it, and the way to give it back."""
    return _show(charge_id, form=None)


@bp.post("/payments/<charge_id>/refund")
@requires("finance", confirmed=True)
def refund(charge_id: str) -> ResponseReturnValue:
    """Give money back; what is allowed is decided in refunding.refund."""
    with reading() as session:
        found = queries.payment(session, charge_id)
    if found is None:
        raise NotFound()
    form = RefundForm(left=found.left)
    if not form.validate():
        return _show(charge_id, form=form), 422
    try:
        refunding.refund(
            database(),
            services()["gateway"],
            charge_id=charge_id,
            amount=form.minor,
            key=form.key.data or "",
            actor_id=current_user.id,
            now=now(),
        )
    except AppError as error:
        return refusal(_show(charge_id, form=form.refused(error)), error)
    flash(_("The money is on its way back. It takes the bank some days."))
    return _to("payments_staff.payment", charge_id=charge_id)


@bp.get("/payments/reconcile")
@requires("finance", "viewer")
def comparison() -> str:
    """What the last comparison with Stripe found."""
    with reading() as session:
        last = queries.last_comparison(session)
    return render_template(
        "payments/reconcile.html", last=last, may_compare=may(current_user, "finance")
    )


@bp.post("/payments/reconcile")
@requires("finance")
def compare() -> Response:
    """Ask the worker to compare with Stripe now, and to repair what differs."""
    with transaction() as session:
        moment = now()
        key = f"reconcile:{moment:%Y-%m-%dT%H:%M}"
        if jobs.enqueue(session, "payments.reconcile_now", now=moment, dedupe_key=key):
            reconcile.asked(session, actor_id=current_user.id, now=moment)
    flash(_("Stripe is being asked. What is found stands here in a minute or two."))
    return _to("payments_staff.comparison")


@bp.get("/events")
@requires("finance")
def events() -> str:
    """Stripe's events as they came in, by state, newest first."""
    asked = request.args.get("state")
    state = asked if asked in queries.STATES else None
    with reading() as session:
        return render_template(
            "payments/events.html",
            page=queries.events(session, state=state, cursor=Cursor.from_query(request.args)),
            state=state,
            states=queries.STATES,
            counts=queries.count_waiting(session),
            lag=queries.oldest_waiting(session),
        )


@bp.get("/events/<int:number>")
@requires("finance")
def event(number: int) -> str:
    """One event: its body, what became of it, and a second try."""
    with reading() as session:
        found = queries.event(session, number)
    if found is None:
        raise NotFound()
    body = json.dumps(json.loads(found.body), indent=2, ensure_ascii=False) if found.body else ""
    return render_template("payments/event.html", event=found, body=body)


@bp.post("/events/<int:number>/replay")
@requires("finance")
def replay(number: int) -> Response:
    """Handle one event again, whatever became of it before."""
    with reading() as session:
        found = queries.event(session, number)
    if found is None:
        raise NotFound()
    state = replaying.replay(
        database(), services()["gateway"], event_id=found.event_id, actor_id=current_user.id,
        now=now(),
    )  # fmt: skip
    if state == "failed":
        flash(_("It failed again. What went wrong stands below."), "warn")
    else:
        flash(_("The event was handled again."))
    return _to("payments_staff.event", number=number)


def _show(charge_id: str, *, form: RefundForm | None) -> str:
    with reading() as session:
        found = queries.payment(session, charge_id)
        if found is None:
            raise NotFound()
        is_returnable = found.state in ("succeeded", "part_refunded") and may(
            current_user, "finance"
        )
        if form is None and is_returnable:
            form = RefundForm(
                formdata=None, left=found.left, amount=found.left.plain(),
                key=requesting.new_key(),
            )  # fmt: skip
        return render_template(
            "payments/payment.html",
            payment=found,
            form=form if is_returnable or (form is not None and form.has_errors) else None,
            refunds=queries.refunds_of(session, charge_id),
            wanted=queries.wanted_of(session, found),
            sides=queries.booked_of(session, charge_id),
            events=queries.events_of(session, charge_id),
            is_finance=may(current_user, "finance"),
        )


def _id(name: str) -> str | None:
    """An id of Stripe's from the address, or none."""
    given = request.args.get(name, "")
    return given if ID.fullmatch(given) else None


def _to(endpoint: str, **values: object) -> Response:
    return cast(Response, redirect(url_for(endpoint, **values), 303))  # type: ignore[arg-type]
