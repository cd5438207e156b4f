"""What time it is for the business; signatures, sessions and limits use wall time instead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    """The machine's time, aware, in UTC."""
    return datetime.now(UTC)


def from_unix(seconds: int | float) -> datetime:
    """An instant from Stripe's whole seconds."""
    return datetime.fromtimestamp(seconds, UTC)
