"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

# A Wednesday at noon, with no daylight-saving change near in any zone that the tests use.
START = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)


class FixedClock:
    """The business's time under a test's hand: call it, set it, move it on."""

    def __init__(self, start: datetime = START) -> None:
        self.time = start

    def __call__(self) -> datetime:
        return self.time

    def set(self, moment: datetime) -> None:
        """Go to an instant, which must have a time zone."""
        self.time = moment.astimezone(UTC)

    def advance(self, **amount: float) -> datetime:
        """Move on by ``days=``, ``hours=`` and the like of timedelta; gives the new time."""
        self.time += timedelta(**amount)
        return self.time
