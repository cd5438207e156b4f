"""Rows of the mirror as a test needs them; what a sentence is not about has a plain value."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from app.payments.models import (
    StripeBalanceTransaction,
    StripeCharge,
    StripeInvoice,
    StripeRefund,
    StripeSubscription,
)

WHEN = datetime(2026, 5, 1, 9, 0, tzinfo=UTC)
REF = "00000000-0000-4000-8000-00000000aaaa"


def charge(charge_id: str = "ch_1", **values: Any) -> StripeCharge:
    """A charge of 5 EUR that succeeded and is ours."""
    plain = {
        "ref": REF, "payment_intent_id": f"pi_{charge_id}", "status": "succeeded", "amount": 500,
        "amount_refunded": 0, "currency": "EUR", "created": WHEN,
    }  # fmt: skip
    return StripeCharge(id=charge_id, **plain | values)


def refund(refund_id: str = "re_1", *, of: str = "ch_1", **values: Any) -> StripeRefund:
    """The whole of it, given back."""
    plain = {
        "charge_id": of, "amount": 500, "currency": "EUR", "status": "succeeded",
        "was_succeeded": True, "created": WHEN,
    }  # fmt: skip
    return StripeRefund(id=refund_id, **plain | values)


def moved(
    number: str = "txn_1", *, source: str = "ch_1", **values: Any
) -> StripeBalanceTransaction:
    """What Stripe kept of it: 30 cents."""
    plain = {
        "type": "charge", "source_id": source, "amount": 500, "fee": 30, "net": 470,
        "currency": "EUR", "created": WHEN,
    }  # fmt: skip
    return StripeBalanceTransaction(id=number, **plain | values)


def invoice(invoice_id: str = "in_1", **values: Any) -> StripeInvoice:
    """An invoice that was paid long ago."""
    plain = {
        "ref": REF, "status": "paid", "currency": "EUR", "total": 500, "amount_due": 500,
        "amount_paid": 500, "attempt_count": 1, "created": WHEN, "paid_at": WHEN,
    }  # fmt: skip
    return StripeInvoice(id=invoice_id, **plain | values)


def subscription(subscription_id: str = "sub_1", **values: Any) -> StripeSubscription:
    """A monthly subscription that is active."""
    plain = {
        "ref": REF, "customer_id": "cus_1", "status": "active", "currency": "EUR", "amount": 500,
        "interval": "month", "interval_count": 1, "item_id": "si_1", "product_id": "prod_1",
        "current_period_start": WHEN, "current_period_end": WHEN, "start_date": WHEN,
        "cancel_at_period_end": False, "is_paused": False, "meta": {},
    }  # fmt: skip
    return StripeSubscription(id=subscription_id, **plain | values)
