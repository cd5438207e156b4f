"""The business's time under a test's hand; it stands still until it is moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from app.core.clock import from_unix

if TYPE_CHECKING:
    from app.sandbox import Sandbox

# A Wednesday at noon, with no daylight-saving change near in any zone that the tests use.
START = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)


class FixedClock:
    """Call it, set it, move it on; where there is a sandbox, the app's time is the sandbox's."""

    def __init__(self, start: datetime = START) -> None:
        self._time = start
        self._sandbox: Sandbox | None = None

    def __call__(self) -> datetime:
        return from_unix(self._sandbox.now()) if self._sandbox else self._time

    def set(self, moment: datetime) -> None:
        """Go to an instant with a time zone; at Stripe, what comes due on the way happens."""
        if self._sandbox:
            self._sandbox.advance(to=int(moment.timestamp()))
        else:
            self._time = moment.astimezone(UTC)

    def advance(self, **amount: float) -> datetime:
        """Move on by ``days=``, ``hours=`` and the like of timedelta; gives the new time."""
        self.set(self() + timedelta(**amount))
        return self()

    def lead(self, sandbox: Sandbox) -> None:
        """From here on both have one time, which stands still."""
        sandbox.freeze(int(self._time.timestamp()))
        self._sandbox = sandbox
