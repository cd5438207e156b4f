"""Months as the newsroom lives them: half-open [start, end) in its own time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """One calendar month; ``start`` and ``end`` are instants, ``end`` is not in it."""

    year: int
    month: int
    zone: str

    @property
    def start(self) -> datetime:
        local = datetime(self.year, self.month, 1, tzinfo=ZoneInfo(self.zone))
        return local.astimezone(UTC)

    @property
    def end(self) -> datetime:
        return self.next().start

    @property
    def key(self) -> str:
        """For an address: "2026-11"."""
        return f"{self.year}-{self.month:02d}"

    def next(self) -> Month:
        return self._moved(1)

    def previous(self) -> Month:
        return self._moved(-1)

    def _moved(self, months: int) -> Month:
        index = self.year * 12 + self.month - 1 + months
        return Month(index // 12, index % 12 + 1, self.zone)


def month_of(at: datetime, zone: str) -> Month:
    """The month an instant falls in, where the newsroom is."""
    local = at.astimezone(ZoneInfo(zone))
    return Month(local.year, local.month, zone)


def parse(key: str, zone: str) -> Month | None:
    """Read "2026-11"; None for what is no month."""
    year, _, month = key.partition("-")
    if len(key) != 7 or not (year + month).isascii() or not (year + month).isdigit():
        return None
    if not (1 <= int(month) <= 12 and 1970 <= int(year) <= 9998):
        return None
    return Month(int(year), int(month), zone)


def last_months(at: datetime, zone: str, count: int) -> list[Month]:
    """The month of an instant and those before it, oldest first."""
    months = [month_of(at, zone)]
    while len(months) < count:
        months.insert(0, months[0].previous())
    return months
