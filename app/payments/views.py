"""Where Stripe's events come in."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from app.core.clock import wall_clock
from app.core.web import now, settings, transaction
from app.payments import inbox

bp = Blueprint("payments", __name__)


@bp.post("/stripe/webhook")
def webhook() -> ResponseReturnValue:
    """Keep an event; 200 only when it is durably there."""
    body = request.get_data(cache=False)
    with transaction() as session:
        inbox.receive(
            session,
            body=body,
            signature=request.headers.get("Stripe-Signature", ""),
            secrets=settings().stripe_webhook_secret,
            now=now(),
            wall=wall_clock(),
        )
    return {"received": True}
