"""Monthly recurring revenue and the people behind it, read from the movements.

Values are Money, rounded once at the end; inside they are twelfths of a minor unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.money import Money, round_half_up
from app.membership.models import Pledge
from app.reporting.models import KINDS, Movement
from app.reporting.months import Month

JOINS = ("new", "reactivation", "resumed")
LEAVES = ("churn", "paused")
PER_UNIT = 12
STEP = sa.case((Movement.kind.in_(JOINS), 1), (Movement.kind.in_(LEAVES), -1), else_=0)
Sums = tuple[int, int, int]  # movements, people, twelfths


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


def active_patrons(session: Session, *, at: datetime, currency: str | None = None) -> int:
    """People with a paid recurring pledge that is active, or past due within grace.

    Cancelled but paid up counts until the period ends. Not: unpaid, paused, gift, one-time only.
    Source: Stripe's glossary.
    """
    query = sa.select(sa.func.coalesce(sa.func.sum(STEP), 0)).where(Movement.occurred_at < at)
    return int(session.scalar(_in(query, currency)) or 0)


def patrons_by_month(session: Session, *, months: Sequence[Month]) -> list[int]:
    """Active patrons at the end of consecutive months, in all currencies; one query."""
    bucket = sa.case(*[(Movement.occurred_at < m.end, i) for i, m in enumerate(months)], else_=-1)
    rows = session.execute(
        sa.select(bucket.label("bucket"), sa.func.sum(STEP))
        .where(Movement.occurred_at < months[-1].end)
        .group_by("bucket")
    )
    steps = {row[0]: int(row[1]) for row in rows}
    return list(accumulate(steps.get(index, 0) for index in range(len(months))))


def mrr(session: Session, *, at: datetime, currency: str) -> Money:
    """The monthly value of all counting pledges: a month a, a year a/12.

    With the fee cover that patrons pay; without gifts and one-time. Source: Stripe, ChartMogul.
    """
    query = sa.select(sa.func.coalesce(sa.func.sum(Movement.delta), 0))
    total = session.scalar(_in(query.where(Movement.occurred_at < at), currency))
    return _money(int(total or 0), currency)


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
    people = active_patrons(session, at=at, currency=currency)
    if people == 0:
        return None
    value = mrr(session, at=at, currency=currency)
    return Money(round_half_up(value.minor, people), currency)


def accounts(session: Session, *, months: Sequence[Month], currency: str) -> list[MonthAccount]:
    """The movements of consecutive months, each closing into the next; two queries in all.

    start + new + reactivation + expansion - contraction - churn - paused + resumed = end.
    """
    first, last = months[0].start, months[-1].end
    opening = sa.select(sa.func.coalesce(sa.func.sum(Movement.delta), 0))
    value = int(session.scalar(_in(opening.where(Movement.occurred_at < first), currency)) or 0)
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


def _in(query: sa.Select[int], currency: str | None) -> sa.Select[int]:
    return query if currency is None else query.where(Movement.currency == currency)


def _money(twelfths: int, currency: str) -> Money:
    return Money(round_half_up(twelfths, PER_UNIT), currency)
