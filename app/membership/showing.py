"""One person's pledge and payments, as their pages print them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.i18n import gettext as _
from app.core.money import Money
from app.core.pagination import Cursor, Page, page_by_id
from app.membership import queries, renewing
from app.membership.models import Gift, Pledge, Receipt
from app.payments.models import LedgerTransaction, StripeCharge, StripeInvoice, StripeSubscription

NEWEST = 6
UNPAID = ("past_due", "ended")  # Stripe may still try


@dataclass(frozen=True, slots=True)
class Card:
    brand: str | None
    last4: str


@dataclass(frozen=True, slots=True)
class PledgeView:
    """A pledge in one sentence, and what comes next. Amounts are one charge's."""

    ref: str
    amount: Money
    cover: Money
    total: Money
    interval: str
    state: str
    begun: datetime
    since: datetime | None
    paid_through: datetime | None
    next_charge: datetime | None
    next_total: Money
    cancels_at: datetime | None
    card: Card | None
    next_try: datetime | None


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment in a list; ``url`` leads to its receipt."""

    id: int
    at: datetime
    what: str
    total: Money
    state: str  # paid, refunded, part_refunded, pending, failed
    refunded: Money | None
    receipt: str | None
    url: str | None
    stripe_id: str


@dataclass(frozen=True, slots=True)
class Sum:
    """What a person paid in one currency."""

    count: int
    total: Money
    refunded: Money
    since: datetime

    @property
    def kept(self) -> Money:
        return self.total - self.refunded


def pledge(session: Session, found: Pledge) -> PledgeView:
    """A pledge with what Stripe's side says of the next charge."""
    subscription = queries.subscription_of(session, found)
    card = queries.last_card(session, found.ref)
    following = renewing.next_charge(session, found)
    return PledgeView(
        ref=found.ref,
        amount=Money(found.amount, found.currency),
        cover=Money(found.fee_cover, found.currency),
        total=found.money,
        interval=found.interval,
        state=found.state,
        begun=found.created_at,
        since=found.started_at,
        paid_through=found.paid_through,
        next_charge=following.at if following is not None else None,
        next_total=following.total if following is not None else found.money,
        cancels_at=found.cancels_at,
        card=Card(*card) if card else None,
        next_try=_next_try(session, subscription) if found.state in UNPAID else None,
    )


def newest_gift(session: Session, account_id: int) -> Gift | None:
    """The last gift that arrived from a person."""
    mine = sa.select(Gift).where(Gift.account_id == account_id, Gift.state == "paid")
    return session.scalar(mine.order_by(Gift.paid_at.desc()).limit(1))


def newest_payments(session: Session, account_id: int, *, most: int = NEWEST) -> list[Payment]:
    """The last few payments, those that failed or are on their way too."""
    mine = _charges().where(StripeCharge.ref.in_(queries.refs_of(account_id)))
    rows = session.execute(mine.order_by(StripeCharge.at.desc()).limit(most))
    return [_payment(0, charge, receipt, interval) for charge, receipt, interval in rows]


def every_payment(session: Session, account_id: int) -> list[Payment]:
    """Every payment of a person, oldest first."""
    mine = _charges().where(StripeCharge.ref.in_(queries.refs_of(account_id)))
    rows = session.execute(mine.order_by(StripeCharge.at, StripeCharge.id))
    return [_payment(0, charge, receipt, interval) for charge, receipt, interval in rows]


def payments(session: Session, account_id: int, cursor: Cursor) -> Page[Payment]:
    """All payments that were booked for a person, newest first."""
    booked = LedgerTransaction
    query = (
        _charges()
        .add_columns(booked.id)
        .join(booked, booked.source_id == StripeCharge.id)
        .where(booked.kind == "charge", booked.account_id == account_id)
    )
    page = page_by_id(session, query, key=booked.id, cursor=cursor, key_of=lambda row: int(row[3]))
    rows = [_payment(number, charge, slip, each) for charge, slip, each, number in page.rows]
    return Page(rows, page.after, page.before)


def sums(session: Session, account_id: int) -> list[Sum]:
    """What a person paid, a currency a row."""
    rows = session.execute(
        sa.select(
            StripeCharge.currency,
            sa.func.count(),
            sa.func.sum(StripeCharge.amount),
            sa.func.sum(StripeCharge.amount_refunded),
            sa.func.min(StripeCharge.at),
        )
        .where(StripeCharge.ref.in_(queries.refs_of(account_id)))
        .where(StripeCharge.status == "succeeded")
        .group_by(StripeCharge.currency)
        .order_by(sa.func.count().desc(), StripeCharge.currency)
    )
    return [
        Sum(count, Money(int(total), currency), Money(int(back), currency), since)
        for currency, count, total, back, since in rows
    ]


def _charges() -> sa.Select[StripeCharge, Receipt, str]:
    """Charges with their receipts, and the interval of the pledge where it was one."""
    return (
        sa.select(StripeCharge, Receipt, Pledge.interval)
        .outerjoin(Receipt, Receipt.charge_id == StripeCharge.id)
        .outerjoin(Pledge, Pledge.ref == StripeCharge.ref)
    )


def _payment(
    number: int, charge: StripeCharge, receipt: Receipt | None, interval: str | None
) -> Payment:
    back = charge.amount_refunded
    state = {"succeeded": "paid"}.get(charge.status, charge.status)
    if state == "paid" and back:
        state = "refunded" if back >= charge.amount else "part_refunded"
    return Payment(
        id=number,
        at=charge.at,
        what=_what(receipt.interval if receipt else interval or "once"),
        total=Money(charge.amount, charge.currency),
        state=state,
        refunded=Money(back, charge.currency) if back else None,
        receipt=f"{receipt.year}-{receipt.number}" if receipt else None,
        url=f"/account/receipts/{receipt.id}" if receipt else None,
        stripe_id=charge.id,
    )


def _what(interval: str) -> str:
    if interval == "month":
        return _("Monthly pledge")
    return _("Yearly pledge") if interval == "year" else _("A gift given once")


def _next_try(session: Session, subscription: StripeSubscription | None) -> datetime | None:
    if subscription is None:
        return None
    waiting = sa.select(sa.func.min(StripeInvoice.next_payment_attempt)).where(
        StripeInvoice.subscription_id == subscription.id, StripeInvoice.status == "open"
    )
    return session.scalar(waiting)
