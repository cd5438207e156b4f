"""Where a billing period ends: whole intervals from the anchor, in UTC.

A month that is too short ends the period on its last day; the anchor's day comes back after it
(31 January, 28 February, 31 March).
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta


def after(anchor: int, *, interval: str, count: int, steps: int) -> int:
    """The anchor plus so many intervals."""
    start = datetime.fromtimestamp(anchor, UTC)
    if interval in ("day", "week"):
        days = count * steps * (7 if interval == "week" else 1)
        return int((start + timedelta(days=days)).timestamp())
    months = start.month - 1 + count * steps * (12 if interval == "year" else 1)
    year, month = start.year + months // 12, months % 12 + 1
    day = min(start.day, monthrange(year, month)[1])
    return int(start.replace(year=year, month=month, day=day).timestamp())


def end_after(anchor: int, instant: int, *, interval: str, count: int) -> int:
    """The first period end that lies after the instant."""
    longest = {"day": 1, "week": 7, "month": 31, "year": 366}[interval] * 86_400 * count
    steps = max(0, (instant - anchor) // longest)
    while True:
        end = after(anchor, interval=interval, count=count, steps=steps)
        if end > instant:
            return end
        steps += 1


def share_left(start: int, end: int, instant: int) -> tuple[int, int]:
    """The part of a period that lies after the instant, as numerator and denominator."""
    return max(0, end - max(instant, start)), max(1, end - start)
