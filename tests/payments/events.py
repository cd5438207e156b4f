"""Events as Stripe would send them, and the signature that goes with them."""

from __future__ import annotations

import hmac
import json
from hashlib import sha256
from itertools import count
from typing import Any

from app.core.clock import wall_clock
from app.payments.gateway import API_VERSION

SECRET = "whsec_test"  # as in the settings of a test's app
_numbers = count(1)


def make_event(
    kind: str = "customer.subscription.updated",
    obj: dict[str, Any] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """An event about an object, at our version of the API."""
    event = {
        "id": f"evt_{next(_numbers)}",
        "object": "event",
        "api_version": API_VERSION,
        "created": 1_780_000_000,
        "data": {"object": obj if obj is not None else {"id": "sub_1", "object": "subscription"}},
        "livemode": False,
        "pending_webhooks": 1,
        "request": None,
        "type": kind,
    }
    return event | fields


def signed(body: bytes, *, secret: str = SECRET, at: float | None = None) -> str:
    """The signature header for a body, dated by wall time."""
    timestamp = int(wall_clock().timestamp() if at is None else at)
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def encoded(event: object) -> bytes:
    return json.dumps(event).encode()
