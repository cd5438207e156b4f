"""Money that came and went, by month, from the ledger: gross, refunds, fees, net.

It is read from the sums by hour that the database keeps (RevenueHour), and from the ledger itself
only where a month begins within an hour of UTC, as in Nepal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.money import Money
from app.membership.models import SignUp
from app.payments.models import LedgerEntry, LedgerTransaction
from app.reporting.models import RevenueHour
from app.reporting.months import Month

EARNING = ("patrons", "fees")
HOUR = timedelta(hours=1)
Sums = Counter[tuple[int, str]]  # by the place of the month, and the line


@dataclass(frozen=True, slots=True)
class MonthRevenue:
    """One month's money: charges - refunds - processor fees = net."""

    month: Month
    recurring: Money
    one_time: Money
    refunds: Money
    fees: Money

    @property
    def gross(self) -> Money:
        """What patrons paid, before anything went back or off."""
        return self.recurring + self.one_time

    @property
    def net(self) -> Money:
        """What is left of it."""
        return self.gross - self.refunds - self.fees


def by_month(session: Session, *, months: Sequence[Month], currency: str) -> list[MonthRevenue]:
    """Consecutive months' money in one currency, by the day it succeeded; one query.

    Only what is ours counts: charges without our metadata stand in the unclaimed list.
    """
    sums: Sums = Counter()
    for is_cut, place, line, amount in session.execute(_hours(months, currency)):
        sums[place, line] += int(amount)
        if is_cut:  # it was counted with the month that ends in its hour
            sums[place - 1, line] -= int(amount)
    return [_month(month, place, sums, currency) for place, month in enumerate(months)]


def lines() -> sa.Select[Any]:
    """Every entry that earns or costs: its currency, instant, line and amount."""
    is_gift = sa.exists().where(SignUp.ref == LedgerTransaction.ref, SignUp.interval == "once")
    line = sa.case(
        (LedgerEntry.book == "fees", "fees"),
        (LedgerTransaction.kind.in_(("refund", "refund_failed")), "refunds"),
        (is_gift, "one_time"),
        else_="recurring",
    )
    return (
        sa.select(
            LedgerEntry.currency,
            LedgerTransaction.effective_at,
            line.label("line"),
            LedgerEntry.amount,
        )
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(LedgerEntry.book.in_(EARNING))
    )


def _hours(months: Sequence[Month], currency: str) -> sa.Select[Any]:
    """Sums of whole hours in the month they begin in, and of what of a cut one is of the next."""
    bounds = [months[0].start, *(month.end for month in months)]
    hour = RevenueHour.hour
    begins = sa.case(*[(hour < bound, i - 1) for i, bound in enumerate(bounds)])
    whole: sa.Select[Any] = (
        sa.select(
            sa.literal(0).label("is_cut"),
            begins.label("place"),
            RevenueHour.line,
            RevenueHour.amount,
        )
        .where(RevenueHour.currency == currency)
        .where(hour >= bounds[0], hour < bounds[-1])
    )
    cut = [_after(b, i, currency) for i, b in enumerate(bounds) if b != _begin_of_hour(b)]
    rows = sa.union_all(whole, *cut).subquery()
    key = (rows.c.is_cut, rows.c.place, rows.c.line)
    return sa.select(*key, sa.func.sum(rows.c.amount)).group_by(*key)


def _after(bound: datetime, place: int, currency: str) -> sa.Select[Any]:
    """What was booked in a bound's hour from the bound on, in the month that begins there."""
    at = LedgerTransaction.effective_at
    wanted = lines().where(LedgerEntry.currency == currency)
    late = wanted.where(at >= bound, at < _begin_of_hour(bound) + HOUR).subquery().c
    found: sa.Select[Any] = sa.select(sa.literal(1), sa.literal(place), late.line, late.amount)
    return found


def _begin_of_hour(at: datetime) -> datetime:
    """The bounds of months are in UTC."""
    return at.replace(minute=0, second=0, microsecond=0)


def _month(month: Month, place: int, sums: Sums, currency: str) -> MonthRevenue:
    """The book ``patrons`` is credited with what they pay, so income is negative in it."""

    def money(line: str, sign: int) -> Money:
        return Money(sign * sums[place, line], currency)

    return MonthRevenue(
        month=month,
        recurring=money("recurring", -1),
        one_time=money("one_time", -1),
        refunds=money("refunds", 1),
        fees=money("fees", 1),
    )
