"""The promises about money, as SQL: each check gives what breaks it, by its id at Stripe.

Nothing is expected to hold while events are still on their way, so what was touched in the last
minutes is left alone where the order of arrival matters.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from app.payments.events import HANDLED
from app.payments.models import (
    LedgerEntry,
    LedgerTransaction,
    ReconcileFinding,
    ReconcileRun,
    StripeCharge,
    StripeEvent,
    StripeInvoice,
    StripeObject,
    StripeRefund,
    StripeSubscription,
    Unclaimed,
)
from app.payments.projecting import FAILED_REFUND
from app.payments.suspecting import LIVING

SETTLED = timedelta(minutes=15)  # after which everything has come and was handled
NEWEST = 20_000  # events that are looked at one by one
MOST = 100
Check = Callable[[Session, datetime], list[str]]


def run(session: Session, now: datetime) -> dict[str, list[str]]:
    """Every check by its name, with what breaks it; at most a hundred each."""
    return {name: check(session, now) for name, check in CHECKS.items()}


def _charge_is_booked(session: Session, _now: datetime) -> list[str]:
    """A1: a payment that succeeded stands in the ledger, or with the unclaimed."""
    booked = sa.exists().where(
        LedgerTransaction.kind == "charge", LedgerTransaction.source_id == StripeCharge.id
    )
    apart = sa.exists().where(Unclaimed.stripe_id == StripeCharge.id)
    wanted = sa.select(StripeCharge.id).where(
        StripeCharge.status == "succeeded",
        StripeCharge.amount > 0,
        sa.case((StripeCharge.ref.is_(None), ~apart), else_=~booked),
    )
    return _ids(session, wanted)


def _charge_as_at_stripe(session: Session, _now: datetime) -> list[str]:
    """A1: what is booked has Stripe's amount and currency, its day, succeeded, and is ours."""
    other = _other_currency(StripeCharge.currency)
    wanted = (
        sa.select(LedgerTransaction.source_id)
        .outerjoin(StripeCharge, StripeCharge.id == LedgerTransaction.source_id)
        .where(
            LedgerTransaction.kind == "charge",
            sa.or_(
                StripeCharge.id.is_(None),
                StripeCharge.status != "succeeded",
                StripeCharge.ref.is_distinct_from(LedgerTransaction.ref),
                StripeCharge.at != LedgerTransaction.effective_at,
                -StripeCharge.amount != _given_by_patrons(),
                other,
            ),
        )
    )
    return _ids(session, wanted)


def _money_has_an_owner(session: Session, now: datetime) -> list[str]:
    """A1: money that is ours belongs to an account."""
    wanted = sa.select(LedgerTransaction.source_id).where(
        LedgerTransaction.ref.is_not(None),
        LedgerTransaction.account_id.is_(None),
        LedgerTransaction.booked_at < now - SETTLED,
    )
    return _ids(session, wanted)


def _paid_invoice_has_charge(session: Session, now: datetime) -> list[str]:
    """A1: an invoice that was paid has its payment in the mirror, once what is told has come."""
    paid = sa.exists().where(
        StripeCharge.invoice_id == StripeInvoice.id, StripeCharge.status == "succeeded"
    )
    wanted = sa.select(StripeInvoice.id).where(
        StripeInvoice.status == "paid",
        StripeInvoice.amount_paid > 0,
        _is_settled(StripeInvoice.id, now),
        ~paid,
    )
    return _ids(session, wanted)


def _refund_is_booked(session: Session, _now: datetime) -> list[str]:
    """A2: a refund of a payment of ours is booked once, and once more where it came back."""
    made = _has("refund", StripeRefund.id)
    returned = _has("refund_failed", StripeRefund.id)
    came_back = StripeRefund.status.in_(FAILED_REFUND)
    wanted = (
        sa.select(StripeRefund.id)
        .join(StripeCharge, StripeCharge.id == StripeRefund.charge_id)
        .where(
            StripeCharge.ref.is_not(None),
            StripeCharge.status == "succeeded",
            StripeRefund.was_succeeded,
            sa.or_(~made, sa.and_(came_back, ~returned), sa.and_(~came_back, returned)),
        )
    )
    return _ids(session, wanted)


def _refund_as_at_stripe(session: Session, _now: datetime) -> list[str]:
    """A2: what is booked as given back has Stripe's amount and currency, and was given back."""
    sign = sa.case((LedgerTransaction.kind == "refund", 1), else_=-1)
    wanted = (
        sa.select(LedgerTransaction.source_id)
        .outerjoin(StripeRefund, StripeRefund.id == LedgerTransaction.source_id)
        .where(
            LedgerTransaction.kind.in_(("refund", "refund_failed")),
            sa.or_(
                StripeRefund.id.is_(None),
                StripeRefund.was_succeeded.is_(False),
                sign * StripeRefund.amount != _given_by_patrons(),
                _other_currency(StripeRefund.currency),
            ),
        )
    )
    return _ids(session, wanted)


def _refunds_within_charge(session: Session, _now: datetime) -> list[str]:
    """A2: never more went back than had come."""
    back = sa.func.sum(LedgerEntry.amount)
    wanted = (
        sa.select(LedgerTransaction.charge_id)
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .where(
            LedgerEntry.book == "patrons",
            LedgerTransaction.kind.in_(("charge", "refund", "refund_failed")),
        )
        .group_by(LedgerTransaction.charge_id)
        .having(back > 0)
    )
    return _ids(session, wanted)


def _refunds_add_up(session: Session, now: datetime) -> list[str]:
    """A2: the refunds that we know are all that Stripe says went back of a charge."""
    known = (
        sa.select(sa.func.coalesce(sa.func.sum(StripeRefund.amount), 0))
        .where(
            StripeRefund.charge_id == StripeCharge.id,
            StripeRefund.status.not_in(FAILED_REFUND),
        )
        .correlate(StripeCharge)
        .scalar_subquery()
    )
    wanted = sa.select(StripeCharge.id).where(
        StripeCharge.ref.is_not(None),
        _is_settled(StripeCharge.id, now),
        StripeCharge.amount_refunded != known,
    )
    return _ids(session, wanted)


def _entries_sum_to_nought(session: Session, _now: datetime) -> list[str]:
    """A2: the sides of a booked fact cancel out in every currency."""
    wanted = (
        sa.select(LedgerTransaction.source_id)
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .group_by(LedgerTransaction.id, LedgerTransaction.source_id, LedgerEntry.currency)
        .having(sa.func.sum(LedgerEntry.amount) != 0)
    )
    return _ids(session, wanted)


def _no_fact_without_sides(session: Session, _now: datetime) -> list[str]:
    """A2: nothing is booked half."""
    sides = sa.exists().where(LedgerEntry.transaction_id == LedgerTransaction.id)
    return _ids(session, sa.select(LedgerTransaction.source_id).where(~sides))


def _copy_equals_stripe(session: Session, _now: datetime) -> list[str]:
    """A3: the last comparison left nothing different, missing or extra."""
    last = (
        sa.select(sa.func.max(ReconcileRun.id))
        .where(ReconcileRun.finished_at.is_not(None))
        .scalar_subquery()
    )
    wanted = sa.select(ReconcileFinding.stripe_id).where(
        ReconcileFinding.run_id == last,
        ReconcileFinding.kind.in_(("different", "missing", "extra")),
        ReconcileFinding.repaired_at.is_(None),
    )
    return _ids(session, wanted)


def _one_living_subscription(session: Session, _now: datetime) -> list[str]:
    """A3: a sign-up has at most one subscription that lives."""
    other = aliased(StripeSubscription)
    wanted = (
        sa.select(StripeSubscription.id)
        .join(other, sa.and_(other.ref == StripeSubscription.ref, other.id > StripeSubscription.id))
        .where(StripeSubscription.status.in_(LIVING), other.status.in_(LIVING))
    )
    return _ids(session, wanted)


def _nothing_waits(session: Session, now: datetime) -> list[str]:
    """A4: every event that was answered is handled, and soon."""
    wanted = sa.select(StripeEvent.event_id).where(
        StripeEvent.state.in_(("new", "failed")), StripeEvent.received_at < now - SETTLED
    )
    return _ids(session, wanted)


def _handled_is_applied(session: Session, _now: datetime) -> list[str]:
    """A4: an event is marked handled together with what it says, or not at all."""
    last = sa.select(sa.func.max(StripeEvent.id)).scalar_subquery()
    wanted = (
        sa.select(StripeEvent.event_id)
        .outerjoin(StripeObject, StripeObject.id == StripeEvent.object_id)
        .where(
            StripeEvent.id > last - NEWEST,
            StripeEvent.state == "handled",
            StripeEvent.type.in_(list(HANDLED)),
            sa.or_(
                StripeObject.applied_created.is_(None),
                StripeObject.applied_created < StripeEvent.created,
            ),
        )
    )
    return _ids(session, wanted)


CHECKS: dict[str, Check] = {
    "payments.charge_is_booked": _charge_is_booked,
    "payments.charge_as_at_stripe": _charge_as_at_stripe,
    "payments.money_has_an_owner": _money_has_an_owner,
    "payments.paid_invoice_has_charge": _paid_invoice_has_charge,
    "payments.refund_is_booked": _refund_is_booked,
    "payments.refund_as_at_stripe": _refund_as_at_stripe,
    "payments.refunds_within_charge": _refunds_within_charge,
    "payments.refunds_add_up": _refunds_add_up,
    "payments.entries_sum_to_nought": _entries_sum_to_nought,
    "payments.no_fact_without_sides": _no_fact_without_sides,
    "payments.copy_equals_stripe": _copy_equals_stripe,
    "payments.one_living_subscription": _one_living_subscription,
    "payments.nothing_waits": _nothing_waits,
    "payments.handled_is_applied": _handled_is_applied,
}


def _is_settled(object_id: sa.ColumnElement[str] | Any, now: datetime) -> sa.ColumnElement[bool]:
    """Whether what was told or asked of an object is some minutes old, so the rest has come too."""
    last = sa.func.coalesce(StripeEvent.handled_at, StripeEvent.received_at)
    told = sa.exists().where(StripeEvent.object_id == object_id, last >= now - SETTLED)
    asked = sa.exists().where(
        StripeObject.id == object_id, StripeObject.retrieved_at >= now - SETTLED
    )
    return ~sa.or_(told, asked)


def _has(kind: str, source_id: sa.ColumnElement[str] | Any) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        LedgerTransaction.kind == kind, LedgerTransaction.source_id == source_id
    )


def _given_by_patrons() -> sa.ColumnElement[int]:
    """What the book of patrons has for a ledger transaction, signed."""
    amount = sa.select(sa.func.sum(LedgerEntry.amount)).where(
        LedgerEntry.transaction_id == LedgerTransaction.id, LedgerEntry.book == "patrons"
    )
    return sa.func.coalesce(amount.correlate(LedgerTransaction).scalar_subquery(), 0)


def _other_currency(currency: sa.ColumnElement[str] | Any) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        LedgerEntry.transaction_id == LedgerTransaction.id, LedgerEntry.currency != currency
    )


def _ids(session: Session, wanted: sa.Select[Any]) -> list[str]:
    return [str(found) for found in session.scalars(wanted.limit(MOST))]
