"""Monthly recurring revenue and the people behind it, read from the movements.

Days are read from the sums that the database keeps (MovementDay), and movements themselves only
where an instant cuts a day, so that no figure costs more with more patrons.
Values are Money, rounded once at the end; inside they are twelfths of a minor unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.money import Money, round_half_up
from app.membership.models import Pledge
from app.reporting.models import KINDS, Movement, MovementDay
from app.reporting.months import Month

JOINS = ("new", "reactivation", "resumed")
LEAVES = ("churn", "paused")
PER_UNIT = 12
DAY = timedelta(days=1)
Sums = tuple[int, int, int]  # movements, people, twelfths


@dataclass(frozen=True, slots=True)
class Standing:
    """Who gives in one currency at an instant, and what it is worth a month."""

    people: int
    mrr: Money


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a month's account: a kind of movement, how often, how many people, how much."""

    kind: str
    count: int
    people: int
    amount: Money


@dataclass(frozen=True, slots=True)
class MonthAccount:
    """A month of movements that closes: start and lines sum to the end, to the cent."""

    month: Month
    start: Money
    lines: tuple[Line, ...]
    end: Money

    @property
    def net(self) -> Money:
        return self.end - self.start

    def line(self, kind: str) -> Line:
        return next(line for line in self.lines if line.kind == kind)


def standing(session: Session, *, at: datetime) -> dict[str, Standing]:
    """Active patrons and MRR by currency; one query, for both are sums of the same movements."""
    return {
        row.currency: Standing(int(row.people), _money(int(row.delta), row.currency))
        for row in session.execute(_between([at]))
    }


def active_patrons(found: Mapping[str, Standing]) -> int:
    """People with a paid recurring pledge that is active, or past due within grace.

    Cancelled but paid up counts until the period ends. Not: unpaid, paused, gift, one-time only.
    Source: Stripe's glossary.
    """
    return sum(one.people for one in found.values())


def patrons_by_month(session: Session, *, months: Sequence[Month]) -> list[int]:
    """Active patrons at the end of consecutive months, in all currencies; one query."""
    steps = [0] * len(months)
    for row in session.execute(_between([month.end for month in months])):
        steps[row.bucket] += int(row.people)
    return list(accumulate(steps))


def mrr(session: Session, *, at: datetime, currency: str) -> Money:
    """The monthly value of all counting pledges: a month a, a year a/12.

    With the fee cover that patrons pay; without gifts and one-time. Source: Stripe, ChartMogul.
    """
    found = standing(session, at=at).get(currency)
    return found.mrr if found else Money(0, currency)


def at_risk(session: Session, *, currency: str) -> tuple[int, Money]:
    """People whose charge failed and is tried again, and their part of MRR. It still counts."""
    return _part(session, currency, Pledge.state == "past_due")


def ending(session: Session, *, currency: str) -> tuple[int, Money]:
    """People who have stopped and are paid up, and their part of MRR."""
    return _part(session, currency, Pledge.cancels_at.is_not(None))


def committed(session: Session, *, at: datetime, currency: str) -> Money:
    """MRR without those who have stopped already. Source: ChartMogul."""
    return mrr(session, at=at, currency=currency) - ending(session, currency=currency)[1]


def arpu(session: Session, *, at: datetime, currency: str) -> Money | None:
    """MRR for each active patron; None where there is none."""
    found = standing(session, at=at).get(currency)
    if found is None or found.people == 0:
        return None
    return Money(round_half_up(found.mrr.minor, found.people), currency)


def accounts(session: Session, *, months: Sequence[Month], currency: str) -> list[MonthAccount]:
    """The movements of consecutive months, each closing into the next; two queries in all.

    start + new + reactivation + expansion - contraction - churn - paused + resumed = end.
    """
    first, last = months[0].start, months[-1].end
    opening = {row.currency: int(row.delta) for row in session.execute(_between([first]))}
    value = opening.get(currency, 0)
    bucket = sa.case(*[(Movement.occurred_at < m.end, i) for i, m in enumerate(months)], else_=-1)
    rows = session.execute(
        sa.select(
            bucket.label("bucket"),
            Movement.kind,
            sa.func.count(),
            sa.func.count(sa.distinct(Movement.account_id)),
            sa.func.sum(Movement.delta),
        )
        .where(Movement.currency == currency)
        .where(Movement.occurred_at >= first, Movement.occurred_at < last)
        .group_by("bucket", Movement.kind)
    )
    sums: dict[tuple[int, str], Sums] = {
        (row[0], row[1]): (int(row[2]), int(row[3]), int(row[4])) for row in rows
    }
    result = []
    for index, month in enumerate(months):
        parts = [(kind, *sums.get((index, kind), (0, 0, 0))) for kind in KINDS]
        result.append(_account(month, value, parts, currency))
        value += sum(delta for _, _, _, delta in parts)
    return result


def _account(
    month: Month, value: int, parts: list[tuple[str, int, int, int]], currency: str
) -> MonthAccount:
    """Round the running total, not each part, so that the account closes to the cent."""
    start = running = _money(value, currency)
    lines = []
    for kind, count, people, delta in parts:
        value += delta
        after = _money(value, currency)
        lines.append(Line(kind, count, people, after - running))
        running = after
    return MonthAccount(month, start, tuple(lines), running)


def _part(session: Session, currency: str, which: sa.ColumnElement[bool]) -> tuple[int, Money]:
    value = sa.case((Pledge.interval == "month", 12), else_=1) * (Pledge.amount + Pledge.fee_cover)
    row = session.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(value), 0))
        .select_from(Pledge)
        .where(Pledge.state.in_(("active", "past_due")), Pledge.started_at.is_not(None))
        .where(Pledge.currency == currency, which)
    ).one()
    return int(row[0]), _money(int(row[1]), currency)


def _between(bounds: Sequence[datetime]) -> sa.Select[Any]:
    """People and twelfths by ``currency`` that moved before each bound and not before the last.

    ``bucket`` is the bound's place. A day that a bound cuts is counted whole, and what moved after
    the bound is taken off again: of today that is nothing.
    """
    day = MovementDay.day
    place = sa.case(*[(day <= _last_day(b), i) for i, b in enumerate(bounds)])
    whole = sa.select(
        place.label("bucket"), MovementDay.currency, MovementDay.kind, MovementDay.moves,
        MovementDay.delta,
    ).where(day <= _last_day(bounds[-1]))  # fmt: skip
    off = [_after(bound, place=i, sign=-1) for i, bound in enumerate(bounds)]
    on = [_after(bound, place=i + 1, sign=1) for i, bound in enumerate(bounds[:-1])]
    rows = sa.union_all(whole, *off, *on).subquery()
    step = sa.case((rows.c.kind.in_(JOINS), 1), (rows.c.kind.in_(LEAVES), -1), else_=0)
    return sa.select(
        rows.c.bucket,
        rows.c.currency,
        sa.func.sum(step * rows.c.moves).label("people"),
        sa.func.sum(rows.c.delta).label("delta"),
    ).group_by(rows.c.bucket, rows.c.currency)


def _after(bound: datetime, *, place: int, sign: int) -> Any:
    """What moved on a bound's day from the bound on, to be added to a bucket or taken off it."""
    day, at = _last_day(bound), Movement.occurred_at
    # Naming the currencies lets the index find a day's movements in each.
    moved = sa.select(MovementDay.currency).where(MovementDay.day == day)
    return sa.select(
        sa.literal(place),
        Movement.currency,
        Movement.kind,
        sa.literal(sign),
        sign * Movement.delta,
    ).where(
        Movement.currency.in_(moved), at >= bound, at < datetime.combine(day + DAY, time(), UTC)
    )


def _last_day(bound: datetime) -> date:
    """The last day that has an instant before the bound."""
    return (bound - timedelta.resolution).astimezone(UTC).date()


def _money(twelfths: int, currency: str) -> Money:
    return Money(round_half_up(twelfths, PER_UNIT), currency)
