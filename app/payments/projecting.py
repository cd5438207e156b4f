"""What our mirror keeps of an object of Stripe's: pure functions from the object to our columns.

They read the shapes of our version of the API only. A field that is missing raises Unreadable,
so that an object of another version is asked for again instead of half understood.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from app.core.clock import from_unix
from app.core.db import Base
from app.payments.changes import Kind, Seen
from app.payments.gateway import REF
from app.payments.models import (
    StripeCharge,
    StripeCheckout,
    StripeInvoice,
    StripeInvoicePayment,
    StripeRefund,
    StripeSubscription,
)

Json = dict[str, Any]
Row = dict[str, Any]
MODELS: dict[Kind, type[Base]] = {
    "checkout": StripeCheckout,
    "subscription": StripeSubscription,
    "invoice": StripeInvoice,
    "invoice_payment": StripeInvoicePayment,
    "charge": StripeCharge,
    "refund": StripeRefund,
}
OBJECTS: dict[Kind, str] = {
    "checkout": "checkout.session",
    "subscription": "subscription",
    "invoice": "invoice",
    "invoice_payment": "invoice_payment",
    "charge": "charge",
    "refund": "refund",
}
KINDS: dict[str, Kind] = {name: kind for kind, name in OBJECTS.items()}
# Columns that come later than the row and never go again: an empty one says nothing.
FILLED_LATER = frozenset({"ref", "invoice_id", "balance_transaction_id"})
FAILED_REFUND = frozenset({"failed", "canceled"})


class Unreadable(ValueError):
    """The object is not in the shape of our version; the message names what is missing."""


def project(kind: Kind, obj: Json) -> Row:
    """Our columns for an object; raises Unreadable."""
    try:
        return _PROJECTIONS[kind](obj)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError, OverflowError) as error:
        raise Unreadable(f"{kind}: {type(error).__name__} {error}") from error


def ref_of(kind: Kind, obj: Json) -> str | None:
    """The public uuid that our metadata carries on this object, or None where it has none."""
    holder: Any = obj
    if kind == "invoice":
        parent = obj.get("parent")
        holder = parent.get("subscription_details") if isinstance(parent, dict) else None
    meta = holder.get("metadata") if isinstance(holder, dict) else None
    ref = meta.get(REF) if isinstance(meta, dict) else None
    return ref if isinstance(ref, str) and 0 < len(ref) <= 36 and ref.isprintable() else None


def seen(obj: Json) -> Seen | None:
    """What one snapshot says of a subscription, whatever its version; None if it cannot be told."""
    try:
        item = obj["items"]["data"][0]
        recurring = item["price"]["recurring"]
        details = obj.get("cancellation_details") or {}
        return Seen(
            status=obj["status"],
            total=item["price"]["unit_amount"] * item.get("quantity", 1),
            currency=obj["currency"].upper(),
            interval=recurring["interval"],
            interval_count=recurring["interval_count"],
            is_paused=_is_paused(obj),
            ended_at=_time(obj.get("ended_at")),
            cancellation_reason=details.get("reason"),
        )
    except (KeyError, TypeError, AttributeError, IndexError):
        return None


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two sets of columns agree; what is filled later may be missing in either."""
    for name, value in one.items():
        held = other[name]
        if value != held and not (name in FILLED_LATER and (value is None or held is None)):
            return False
    return True


def _checkout(obj: Json) -> Row:
    person = obj["customer_details"] or {}
    currency = obj["currency"]
    return {
        "ref": ref_of("checkout", obj),
        "mode": obj["mode"],
        "status": obj["status"],
        "payment_status": obj["payment_status"],
        "customer_id": _id(obj["customer"]),
        "subscription_id": _id(obj["subscription"]),
        "payment_intent_id": _id(obj["payment_intent"]),
        "email": person.get("email") or obj["customer_email"],
        "name": person.get("name"),
        "amount_total": obj["amount_total"],
        "currency": currency.upper() if currency else None,
        "created": from_unix(obj["created"]),
    }


def _subscription(obj: Json) -> Row:
    item = obj["items"]["data"][0]
    price = item["price"]
    pause = obj["pause_collection"] or {}
    return {
        "ref": ref_of("subscription", obj),
        "customer_id": _id(obj["customer"]),
        "status": obj["status"],
        "currency": obj["currency"].upper(),
        "amount": price["unit_amount"] * item["quantity"],
        "interval": price["recurring"]["interval"],
        "interval_count": price["recurring"]["interval_count"],
        "item_id": item["id"],
        "product_id": _id(price["product"]),
        "current_period_start": from_unix(item["current_period_start"]),
        "current_period_end": from_unix(item["current_period_end"]),
        "start_date": from_unix(obj["start_date"]),
        "trial_end": _time(obj["trial_end"]),
        "cancel_at": _time(obj["cancel_at"]),
        "cancel_at_period_end": obj["cancel_at_period_end"],
        "canceled_at": _time(obj["canceled_at"]),
        "ended_at": _time(obj["ended_at"]),
        "cancellation_reason": (obj["cancellation_details"] or {}).get("reason"),
        "is_paused": _is_paused(obj),
        "resumes_at": _time(pause.get("resumes_at")),
        "default_payment_method": _id(obj["default_payment_method"]),
        "latest_invoice_id": _id(obj["latest_invoice"]),
        "metadata": obj["metadata"],
    }


def _invoice(obj: Json) -> Row:
    details = (obj["parent"] or {}).get("subscription_details") or {}
    times = obj["status_transitions"]
    return {
        "ref": ref_of("invoice", obj),
        "subscription_id": _id(details.get("subscription")),
        "customer_id": _id(obj["customer"]),
        "status": obj["status"],
        "currency": obj["currency"].upper(),
        "total": obj["total"],
        "amount_due": obj["amount_due"],
        "amount_paid": obj["amount_paid"],
        "billing_reason": obj["billing_reason"],
        "attempt_count": obj["attempt_count"],
        "next_payment_attempt": _time(obj["next_payment_attempt"]),
        "created": from_unix(obj["created"]),
        "finalized_at": _time(times["finalized_at"]),
        "paid_at": _time(times["paid_at"]),
    }


def _invoice_payment(obj: Json) -> Row:
    payment = obj["payment"]
    return {
        "invoice_id": _id(obj["invoice"]),
        "payment_intent_id": _id(payment.get("payment_intent")),
        "charge_id": _id(payment.get("charge")),
        "status": obj["status"],
        "amount_paid": obj["amount_paid"],
    }


def _charge(obj: Json) -> Row:
    means = obj["payment_method_details"] or {}
    card = means.get(means.get("type")) or {}  # a card, or a bank account with a last4 too
    outcome = obj["outcome"] or {}
    held = obj["status"] == "succeeded" and not obj["captured"]  # authorized, not yet money
    code = obj["failure_code"]
    return {
        "ref": ref_of("charge", obj),
        "payment_intent_id": _id(obj["payment_intent"]),
        "customer_id": _id(obj["customer"]),
        "status": "pending" if held else obj["status"],
        "amount": obj["amount_captured"] if obj["captured"] else obj["amount"],
        "amount_refunded": obj["amount_refunded"],
        "currency": obj["currency"].upper(),
        "created": from_unix(obj["created"]),
        "failure_code": outcome.get("reason") if code == "card_declined" else code,
        "card_brand": card.get("brand") or means.get("type"),
        "card_last4": card.get("last4"),
        "balance_transaction_id": _id(obj["balance_transaction"]),
    }


def _refund(obj: Json) -> Row:
    return {
        "charge_id": _id(obj["charge"]),
        "payment_intent_id": _id(obj["payment_intent"]),
        "amount": obj["amount"],
        "currency": obj["currency"].upper(),
        "status": obj["status"],
        "reason": obj["reason"],
        "created": from_unix(obj["created"]),
    }


_PROJECTIONS: dict[Kind, Callable[[Json], Row]] = {
    "checkout": _checkout,
    "subscription": _subscription,
    "invoice": _invoice,
    "invoice_payment": _invoice_payment,
    "charge": _charge,
    "refund": _refund,
}


def _is_paused(obj: Json) -> bool:
    return bool(obj.get("pause_collection")) or obj["status"] == "paused"


def _id(value: Any) -> str | None:
    """The id of what may stand there whole."""
    if value is None or isinstance(value, str):
        return value
    return str(value["id"])


def _time(seconds: int | None) -> datetime | None:
    return None if seconds is None else from_unix(seconds)
