"""What no newer snapshot takes back: facts gathered from every event, stale ones too.

Each is a first, an earliest or an any, so that the order of the events does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from app.payments.models import StripeCheckout, StripeInvoice, StripeRefund
from app.payments.projecting import FAILED_REFUND
from app.payments.sheets import Sheet

Json = dict[str, Any]


def gather(sheet: Sheet) -> bool:
    """Add to the object's row what its events and the answer prove; whether that was new."""
    row: Any = sheet.row
    found: Json = {}
    if isinstance(row, StripeCheckout):
        told = any(one.type == "checkout.session.async_payment_failed" for one in sheet.told)
        failed = bool(row.async_failed) or told or any(map(_came_back, sheet.shown))
        found = {"async_failed": failed}
    elif isinstance(row, StripeInvoice):
        failures = (one.at for one in sheet.told if _is_unpaid(one.object))
        found = {"first_failed_at": _earliest(row.first_failed_at, failures)}
    elif isinstance(row, StripeRefund):
        made = any(obj.get("status") == "succeeded" for obj in sheet.shown)
        failures = (one.at for one in sheet.told if one.object.get("status") in FAILED_REFUND)
        found = {
            "was_succeeded": bool(row.was_succeeded) or made,
            "failed_at": _earliest(row.failed_at, failures),
        }
    changed = {name: value for name, value in found.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    return bool(changed)


def _came_back(session: Json) -> bool:
    """An answer may have the payment intent whole: a debit that came back leaves it unpaid."""
    intent = session.get("payment_intent")
    if session.get("status") != "complete" or not isinstance(intent, dict):
        return False
    return intent["status"] in ("requires_payment_method", "canceled")


def _is_unpaid(invoice: Json) -> bool:
    """Whether a try to collect it failed; the fields are the same in every version."""
    return invoice.get("status") == "open" and bool(invoice.get("attempt_count"))


def _earliest(known: datetime | None, more: Iterable[datetime]) -> datetime | None:
    return min([*more, *([known] if known is not None else [])], default=None)
