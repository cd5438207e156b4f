"""The charge of the period that runs, while it is not made: an hour long, or because it failed."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.membership import queries
from app.membership.models import Pledge
from app.payments.models import StripeCharge, StripeInvoice

WAITING = ("draft", "open")  # Stripe's words for an invoice that may still be charged
CHARGED = ("active", "past_due")
# A first charge may be a little older than its period; the one before a renewal is weeks older.
EARLY = timedelta(days=1)


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
