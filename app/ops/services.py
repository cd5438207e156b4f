"""The services that speak to the world outside: Stripe, and the mail server."""

from __future__ import annotations

from typing import Any

from app.core.db import Database
from app.core.settings import Settings
from app.mail import transport


def build(settings: Settings, db: Database) -> dict[str, Any]:
    """Make the services of this installation; tests give their own instead."""
    return {"transport": transport.from_settings(settings)}
