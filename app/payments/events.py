"""Which events we ask Stripe for, and what has to be right about one before it can be kept."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from app.core.clock import from_unix
from app.payments.changes import Kind

# Events of these types change the mirror; the object in them decides how, never the name.
HANDLED: dict[str, Kind] = {
    "checkout.session.completed": "checkout",
    "checkout.session.async_payment_succeeded": "checkout",
    "checkout.session.async_payment_failed": "checkout",
    "checkout.session.expired": "checkout",
    "customer.subscription.created": "subscription",
    "customer.subscription.updated": "subscription",
    "customer.subscription.deleted": "subscription",
    "customer.subscription.paused": "subscription",
    "customer.subscription.resumed": "subscription",
    "invoice.paid": "invoice",
    "invoice.payment_failed": "invoice",
    "invoice.payment_action_required": "invoice",
    "invoice.finalization_failed": "invoice",
    "invoice.voided": "invoice",
    "invoice.marked_uncollectible": "invoice",
    "invoice_payment.paid": "invoice_payment",
    "charge.succeeded": "charge",
    "charge.updated": "charge",
    "charge.failed": "charge",
    "charge.refunded": "charge",
    "refund.created": "refund",
    "refund.updated": "refund",
    "refund.failed": "refund",
}
# Kept and shown, for people and for what is still to be built on them.
KEPT = (
    "charge.dispute.closed", "charge.dispute.created", "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn", "charge.dispute.updated", "customer.deleted",
    "customer.updated", "invoice.upcoming", "mandate.updated", "payment_method.attached",
    "payment_method.automatically_updated", "payment_method.detached", "payment_method.updated",
    "payout.failed", "payout.paid", "payout.reconciliation_completed",
    "radar.early_fraud_warning.created", "setup_intent.setup_failed", "setup_intent.succeeded",
)  # fmt: skip
SUBSCRIBED = (*HANDLED, *KEPT)
NAME = re.compile(r"[A-Za-z0-9_.\-]{1,255}")
LATEST_SECOND = 2**33
Json = dict[str, Any]


class NoEvent(ValueError):
    """A body that is no event of Stripe's API v1; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What of an event is needed to keep it."""

    event_id: str
    type: str
    api_version: str | None
    created: datetime
    object_id: str  # "" where the object has none
    object: Json

    @classmethod
    def read(cls, body: bytes | str) -> Envelope:
        """Read the raw body; raises NoEvent for whatever else it is."""
        try:
            text = body if isinstance(body, str) else body.decode(json.detect_encoding(body))
            return cls.of(_DECODER.decode(text))
        except (ValueError, RecursionError) as error:
            raise NoEvent(str(error)[:200] or type(error).__name__) from None

    @classmethod
    def of(cls, event: Any) -> Envelope:
        """Look at a decoded event; raises NoEvent."""
        if not isinstance(event, dict) or event.get("object") != "event":
            raise NoEvent("the body is no event")
        data = event.get("data")
        found = data.get("object") if isinstance(data, dict) else None
        if not isinstance(found, dict):
            raise NoEvent("the event has no object")
        version = event.get("api_version")
        return cls(
            event_id=_name(event.get("id"), "id"),
            type=_name(event.get("type"), "type"),
            api_version=None if version is None else _name(version, "api_version"),
            created=_instant(event.get("created")),
            object_id=_name(found["id"], "object") if found.get("id") is not None else "",
            object=found,
        )


def contents(body: str) -> tuple[Json, Json] | None:
    """The object in an event that was kept, and what was before; None where it was purged."""
    try:
        data = _DECODER.decode(body)["data"]
        return dict(data["object"]), dict(data.get("previous_attributes") or {})
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return None


def _name(value: object, what: str) -> str:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise NoEvent(f"the event's {what} is no name")
    return value


def _instant(value: object) -> datetime:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < LATEST_SECOND:
        raise NoEvent("the event's time is no time")
    return from_unix(value)


def _refuse(constant: str) -> NoReturn:
    raise NoEvent(f"{constant} is no number")


_DECODER = json.JSONDecoder(parse_constant=_refuse)  # made once: loads() would make one each time
