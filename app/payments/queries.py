"""What staff see of payments, events and comparisons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.core.i18n import gettext as _
from app.core.money import Money, in_what_was_paid
from app.core.pagination import PAGE_SIZE, Cursor, Page, page_by_id
from app.payments import reasons
from app.payments.models import (
    LedgerEntry,
    LedgerTransaction,
    ReconcileFinding,
    ReconcileRun,
    StripeBalanceTransaction,
    StripeCharge,
    StripeEvent,
    StripeInvoice,
    StripeRefund,
    StripeRequest,
    StripeSubscription,
    Unclaimed,
)

STATES = ("failed", "new", "handled", "ignored", "unclaimed")
MOST_UNCLAIMED = 100
MOST_FINDINGS = 200
LAST_FOUR = 4


@dataclass(frozen=True, slots=True)
class Payment:
    """One try to take money. ``fee`` and ``net`` are known a little later than the rest.

    They are in the currency that was paid; ``settled`` is what Stripe made of the net in another.
    """

    id: str
    at: datetime
    what: str
    state: str  # succeeded, pending, failed, refunded, part_refunded
    why: str | None  # a failure, in words
    account_id: int | None
    name: str | None
    card_brand: str | None
    card_last4: str | None
    total: Money
    fee: Money | None
    net: Money | None
    settled: Money | None
    refunded: Money | None

    @property
    def left(self) -> Money:
        """What was not given back."""
        return self.total - self.refunded if self.refunded else self.total


@dataclass(frozen=True, slots=True)
class Payments:
    """A page of payments; the keys of its neighbours are the ids of charges."""

    rows: list[Payment]
    after: str | None
    before: str | None


@dataclass(frozen=True, slots=True)
class Returned:
    """Money on its way back, or there, or come back; ``state`` is Stripe's word."""

    id: str
    at: datetime
    state: str | None
    amount: Money


@dataclass(frozen=True, slots=True)
class Wanted:
    """A refund that was asked for and is not made: Stripe has not answered yet, or said no."""

    at: datetime
    amount: Money | None  # None: all that was left
    is_open: bool
    why: str | None


@dataclass(frozen=True, slots=True)
class Stray:
    """An object of the account that does not carry our reference."""

    stripe_id: str
    type: str
    seen_at: datetime
    total: Money | None


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a booked fact, as the page of a payment shows it."""

    kind: str
    at: datetime
    book: str
    amount: Money


def payments(session: Session, *, search: str, after: str | None, before: str | None) -> Payments:
    """Tries to take money that are ours, newest first; ``search`` is a last four or an id."""
    statement = _rows().where(_is_ours(), _matching(search))
    place = sa.tuple_(StripeCharge.created, StripeCharge.id)
    edge = _place_of(session, after or before)
    if edge is not None:
        statement = statement.where(place < edge if after else place > edge)
    backwards = edge is not None and not after
    order = (StripeCharge.created, StripeCharge.id)
    ordered = statement.order_by(*(key.asc() if backwards else key.desc() for key in order))
    found = [_payment(row) for row in session.execute(ordered.limit(PAGE_SIZE + 1))]
    has_more, rows = len(found) > PAGE_SIZE, found[:PAGE_SIZE]
    if backwards:
        rows.reverse()
    has_older, has_newer = (True, has_more) if backwards else (has_more, edge is not None)
    return Payments(
        rows=rows,
        after=rows[-1].id if rows and has_older else None,
        before=rows[0].id if rows and has_newer else None,
    )


def payment(session: Session, charge_id: str) -> Payment | None:
    """One payment of ours."""
    row = session.execute(_rows().where(StripeCharge.id == charge_id, _is_ours())).one_or_none()
    return _payment(row) if row is not None else None


def refunds_of(session: Session, charge_id: str) -> list[Returned]:
    wanted = sa.select(StripeRefund).where(StripeRefund.charge_id == charge_id)
    return [
        Returned(row.id, row.created, row.status, Money(row.amount, row.currency))
        for row in session.scalars(wanted.order_by(StripeRefund.created, StripeRefund.id))
    ]


def wanted_of(session: Session, payment: Payment) -> list[Wanted]:
    """What was asked for of a payment and did not come to be; newest first."""
    asked = sa.select(StripeRequest).where(
        StripeRequest.action == "refund",
        StripeRequest.target == payment.id,
        StripeRequest.state != "done",
    )
    return [
        Wanted(
            row.created_at,
            Money(amount, payment.total.currency) if (amount := row.params["amount"]) else None,
            row.state == "open",
            row.error,
        )
        for row in session.scalars(asked.order_by(StripeRequest.id.desc()))
    ]


def booked_of(session: Session, charge_id: str) -> list[Side]:
    """Everything in the ledger about a charge, in the order in which it happened."""
    rows = session.execute(
        sa.select(LedgerTransaction, LedgerEntry)
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .where(LedgerTransaction.charge_id == charge_id)
        .order_by(LedgerTransaction.effective_at, LedgerTransaction.id, LedgerEntry.id)
    )
    return [
        Side(fact.kind, fact.effective_at, side.book, Money(side.amount, side.currency))
        for fact, side in rows
    ]


def events_of(session: Session, charge_id: str) -> list[StripeEvent]:
    wanted = sa.select(StripeEvent).where(StripeEvent.object_id == charge_id)
    return list(session.scalars(wanted.order_by(StripeEvent.created, StripeEvent.id)))


def unclaimed(session: Session) -> list[Stray]:
    """What does not carry our reference, newest first, a hundred at most."""
    newest = sa.select(Unclaimed).order_by(Unclaimed.seen_at.desc(), Unclaimed.stripe_id)
    return [
        Stray(
            stripe_id=row.stripe_id,
            type=row.type,
            seen_at=row.seen_at,
            total=Money(row.amount, row.currency) if row.amount and row.currency else None,
        )
        for row in session.scalars(newest.limit(MOST_UNCLAIMED))
    ]


def count_unclaimed(session: Session) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(Unclaimed)) or 0


def events(session: Session, *, state: str | None, cursor: Cursor) -> Page[Any]:
    """The inbox without its bodies, newest first."""
    shown = sa.select(
        StripeEvent.id, StripeEvent.type, StripeEvent.object_id, StripeEvent.received_at,
        StripeEvent.state, StripeEvent.attempts, StripeEvent.error,
    )  # fmt: skip
    if state is not None:
        shown = shown.where(StripeEvent.state == state)
    return page_by_id(session, shown, key=StripeEvent.id, cursor=cursor)


def count_waiting(session: Session) -> Mapping[str, int]:
    """How many events are in the states that ask for somebody; the others are too many to count."""
    rows = session.execute(
        sa.select(StripeEvent.state, sa.func.count())
        .where(StripeEvent.state.in_(("failed", "new", "unclaimed")))
        .group_by(StripeEvent.state)
    )
    return {state: number for state, number in rows}  # noqa: C416  (typed as rows)


def oldest_waiting(session: Session) -> datetime | None:
    """When the oldest event came in that is not handled yet."""
    waiting = StripeEvent.state.in_(("new", "failed"))
    return session.scalar(sa.select(sa.func.min(StripeEvent.received_at)).where(waiting))


def event(session: Session, number: int) -> StripeEvent | None:
    return session.get(StripeEvent, number)


def last_comparison(session: Session) -> tuple[ReconcileRun, list[ReconcileFinding]] | None:
    """The newest comparison with Stripe that came to its end, and what it found."""
    finished = sa.select(ReconcileRun).where(ReconcileRun.finished_at.is_not(None))
    run = session.scalar(finished.order_by(ReconcileRun.id.desc()).limit(1))
    if run is None:
        return None
    found = sa.select(ReconcileFinding).where(ReconcileFinding.run_id == run.id)
    ordered = found.order_by(ReconcileFinding.repaired_at.is_not(None), ReconcileFinding.id)
    return run, list(session.scalars(ordered.limit(MOST_FINDINGS)))


def _rows() -> Any:
    return (
        sa.select(
            StripeCharge, Account.id.label("account_id"), Account.name.label("name"),
            StripeSubscription.interval, StripeBalanceTransaction.amount.label("moved"),
            StripeBalanceTransaction.fee, StripeBalanceTransaction.net,
            StripeBalanceTransaction.currency,
        )
        .outerjoin(
            LedgerTransaction,
            sa.and_(
                LedgerTransaction.kind == "charge", LedgerTransaction.source_id == StripeCharge.id
            ),
        )
        .outerjoin(Account, Account.id == LedgerTransaction.account_id)
        .outerjoin(StripeInvoice, StripeInvoice.id == StripeCharge.invoice_id)
        .outerjoin(StripeSubscription, StripeSubscription.id == StripeInvoice.subscription_id)
        .outerjoin(
            StripeBalanceTransaction,
            sa.and_(
                StripeBalanceTransaction.source_id == StripeCharge.id,
                StripeBalanceTransaction.amount > 0,
            ),
        )
    )  # fmt: skip


def _is_ours() -> sa.ColumnElement[bool]:
    """With our reference, or a try that failed at a customer of ours."""
    customers = sa.select(StripeSubscription.customer_id)
    return sa.or_(StripeCharge.ref.is_not(None), StripeCharge.customer_id.in_(customers))


def _matching(search: str) -> sa.ColumnElement[bool]:
    if not search:
        return sa.true()
    if len(search) == LAST_FOUR and search.isascii() and search.isdigit():
        return StripeCharge.card_last4 == search
    return sa.or_(
        StripeCharge.id == search,
        StripeCharge.payment_intent_id == search,
        StripeCharge.invoice_id == search,
        StripeCharge.customer_id == search,
    )


def _place_of(session: Session, charge_id: str | None) -> sa.ColumnElement[Any] | None:
    charge = session.get(StripeCharge, charge_id) if charge_id else None
    if charge is None:
        return None
    kind = StripeCharge.created.type
    return sa.tuple_(sa.literal(charge.created, kind), sa.literal(charge.id))


def _payment(row: Any) -> Payment:
    charge: StripeCharge = row[0]
    total, fee, settled = Money(charge.amount, charge.currency), None, None
    if row.fee is not None and row.currency == charge.currency:
        fee = Money(row.fee, charge.currency)
    elif row.fee is not None:
        kept = in_what_was_paid(row.fee, paid=charge.amount, became=row.moved)
        fee, settled = Money(kept, charge.currency), Money(row.net, row.currency)
    return Payment(
        id=charge.id,
        at=charge.created,
        what=_what(charge, row.interval),
        state=_state(charge),
        why=reasons.in_words(charge.failure_code) if charge.status == "failed" else None,
        account_id=row.account_id,
        name=row.name,
        card_brand=charge.card_brand,
        card_last4=charge.card_last4,
        total=total,
        fee=fee,
        net=total - fee if fee is not None else None,
        settled=settled,
        refunded=(
            Money(charge.amount_refunded, charge.currency) if charge.amount_refunded else None
        ),
    )


def _what(charge: StripeCharge, interval: str | None) -> str:
    if interval == "month":
        return _("monthly")
    if interval == "year":
        return _("yearly")
    return _("a renewal") if charge.ref is None else _("once")


def _state(charge: StripeCharge) -> str:
    if charge.status != "succeeded" or not charge.amount_refunded:
        return charge.status
    return "refunded" if charge.amount_refunded >= charge.amount else "part_refunded"
