"""The services that speak to the world outside: Stripe, and the mail server."""

from __future__ import annotations

from typing import Any

from app.core.settings import Settings
from app.mail import transport
from app.payments.gateway import Gateway


def build(settings: Settings) -> dict[str, Any]:
    """Make the services of this installation; tests give their own instead.

    A reader waits for ``gateway``, nobody for ``patient_gateway``: the worker's.
    """
    return {
        "gateway": Gateway(settings, patience="web"),
        "patient_gateway": Gateway(settings, patience="worker"),
        "transport": transport.from_settings(settings),
    }
