"""What no newer snapshot takes back: facts gathered from every event, stale ones too.

Each is a first, an earliest or an any, so that the order of the events does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from app.payments.copies import Copy
from app.payments.projecting import FAILED_REFUND, Row
from app.payments.sheets import Sheet

# The event of a card comes in the second of its charge; only a debit takes longer, and days.
AT_ONCE = timedelta(hours=1)
Json = dict[str, Any]


def gather(sheet: Sheet, row: Copy) -> Row:
    """The columns of the object's row that its events and the answer prove."""
    if sheet.kind == "checkout":
        told = any(one.type == "checkout.session.async_payment_failed" for one in sheet.told)
        failed = bool(row.async_failed) or told or any(map(_came_back, sheet.shown))
        return {"async_failed": failed}
    if sheet.kind == "invoice":
        failures = (one.at for one in sheet.told if _is_unpaid(one.object))
        return {"first_failed_at": _earliest(row.first_failed_at, failures)}
    if sheet.kind == "charge":
        # The object says when it was asked for, and its balance transaction may be as old.
        came = (one.at for one in sheet.told if one.type == "charge.succeeded")
        late = (at for at in came if at - row.created >= AT_ONCE)
        return {"came_at": _earliest(row.came_at, late)}
    if sheet.kind == "refund":
        made = any(obj.get("status") == "succeeded" for obj in sheet.shown)
        failures = (one.at for one in sheet.told if one.object.get("status") in FAILED_REFUND)
        return {
            "was_succeeded": bool(row.was_succeeded) or made,
            "failed_at": _earliest(row.failed_at, failures),
        }
    return {}


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
