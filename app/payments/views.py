"""Where Stripe's events come in."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, request

from app.core.clock import wall_clock
from app.core.web import database, now, settings
from app.core.web.context import House
from app.payments import inbox
from app.payments.intake import Intake
from app.payments.setup import WEBHOOK

bp = Blueprint("payments", __name__)


def install(app: Flask) -> None:
    """Let events that are in order be kept before the request reaches any hook or view."""

    def receive(body: bytes, signature: str) -> None:
        house: House = app.extensions["house"]
        inbox.receive(
            house.db,
            body=body,
            signature=signature,
            secrets=house.settings.stripe_webhook_secret,
            now=house.clock(),
            wall=wall_clock(),
        )

    app.wsgi_app = Intake(app.wsgi_app, receive)  # type: ignore[method-assign, assignment]


@bp.post(WEBHOOK)
def webhook() -> Response:
    """Keep an event that the intake left over; 200 only when it is durably there."""
    inbox.receive(
        database(),
        body=request.get_data(cache=False),
        signature=request.headers.get("Stripe-Signature", ""),
        secrets=settings().stripe_webhook_secret,
        now=now(),
        wall=wall_clock(),
    )
    return Response(status=200)
