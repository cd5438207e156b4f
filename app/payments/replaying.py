"""Handling a kept event once more, by hand."""

from __future__ import annotations

from datetime import datetime

from app.core.db import Database
from app.payments import handling
from app.payments.gateway import Gateway


def replay(db: Database, gateway: Gateway, *, event_id: str, now: datetime) -> str:
    """Handle one event again, whatever became of it; gives a sentence about what did now."""
    state = handling.replay(db, gateway, event_id, now=now)
    if state is None:
        return f"There is no event {event_id} in the inbox."
    return f"{event_id} is {state} now."
