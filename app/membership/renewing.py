"""The charge of the period that runs, while it is not made: an hour long, or because it failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.money import Money
from app.membership import queries
from app.membership.models import Pledge, PledgeChange
from app.payments.models import StripeCharge, StripeInvoice

WAITING = ("draft", "open")  # Stripe's words for an invoice that may still be charged
CHARGED = ("active", "past_due")
# A first charge may be a little older than its period; the one before a renewal is weeks older.
EARLY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NextCharge:
    """When a pledge is charged next, and how much."""

    at: datetime
    total: Money


def next_charge(session: Session, pledge: Pledge) -> NextCharge | None:
    """The charge that is due and was not made yet, else that of the next period.

    None where the pledge ends, and where the charge that is due is tried no more.
    """
    subscription = queries.subscription_of(session, pledge)
    if subscription is None or pledge.cancels_at is not None or pledge.state not in CHARGED:
        return None
    due = due_invoice(session, pledge)
    if due is None:
        return NextCharge(subscription.current_period_end, pledge.money)
    invoice = session.get(StripeInvoice, due)
    tried_at = invoice.next_payment_attempt if invoice is not None else None
    if tried_at is None and pledge.state == "past_due":
        return None
    began = subscription.current_period_start
    return NextCharge(tried_at or began, _total_at(session, pledge, began))


def due_invoice(session: Session, pledge: Pledge) -> str | None:
    """Stripe's id of the invoice that is due, as far as we were told; None where all is paid.

    Stripe writes it as a draft when a period begins, and charges what it says an hour later,
    whatever is changed meanwhile. We are told of the period, and only then of the charge.
    """
    subscription = queries.subscription_of(session, pledge)
    if subscription is None or pledge.state not in CHARGED:
        return None
    newest = subscription.latest_invoice_id
    invoice = session.get(StripeInvoice, newest) if newest is not None else None
    if invoice is not None and invoice.status not in WAITING:
        return None
    paid = sa.select(StripeCharge.id).where(
        StripeCharge.ref == pledge.ref,
        StripeCharge.status == "succeeded",
        StripeCharge.created > subscription.current_period_start - EARLY,
    )
    return newest if session.scalar(paid.limit(1)) is None else None


def _total_at(session: Session, pledge: Pledge, at: datetime) -> Money:
    """What a charge took at a moment: a draft says that and no more, and we are not told of it."""
    before = sa.select(PledgeChange.total).where(
        PledgeChange.pledge_id == pledge.id, PledgeChange.effective_at <= at
    )
    newest = before.order_by(PledgeChange.effective_at.desc(), PledgeChange.cause_key.desc())
    total = session.scalar(newest.limit(1))
    return pledge.money if total is None else Money(total, pledge.currency)
