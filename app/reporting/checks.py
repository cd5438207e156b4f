"""The promises about figures, as SQL: each check gives what breaks it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.reporting import movements, revenue
from app.reporting.models import Movement, MovementDay, RevenueHour

MOST = 100


def run(session: Session, _now: datetime) -> dict[str, list[str]]:
    """Every check by its name, with what breaks it; at most a hundred each."""
    moved = sa.select(
        Movement.currency, Movement.kind, _day(session, Movement.occurred_at),
        sa.literal(1), Movement.delta,
    )  # fmt: skip
    kept = sa.select(
        MovementDay.currency, MovementDay.kind, MovementDay.day, MovementDay.moves,
        MovementDay.delta,
    )  # fmt: skip
    booked = revenue.lines().subquery().c
    earned = sa.select(
        booked.currency, booked.line, _hour(session, booked.effective_at), booked.amount
    )
    by_hour = sa.select(
        RevenueHour.currency, RevenueHour.line, RevenueHour.hour, RevenueHour.amount
    )  # fmt: skip
    return {
        "Movements follow from history": [
            f"account {account_id}" for account_id in movements.wrong(session, most=MOST)
        ],
        "Sums by day are a recount": _differing(session, kept, moved),
        "Revenue by hour is a recount": _differing(session, by_hour, earned),
    }


def _differing(session: Session, kept: Any, single: Any) -> list[str]:
    """By currency, kind and time, where what is kept is not the sum of what there is singly."""
    sides = [kept.subquery(), single.subquery()]
    rows = sa.union_all(
        *[
            sa.select(*list(side.c)[:3], *[sign * column for column in list(side.c)[3:]])
            for sign, side in zip((1, -1), sides, strict=True)
        ]
    ).subquery()
    key, sums = list(rows.c)[:3], list(rows.c)[3:]
    off = sa.or_(*[sa.func.sum(column) != 0 for column in sums])
    wrong = session.execute(sa.select(*key).group_by(*key).having(off).order_by(*key).limit(MOST))
    return [f"{currency} {kind} {time}" for currency, kind, time in wrong]


def _day(session: Session, at: Any) -> sa.ColumnElement[Any]:
    """The day of an instant in UTC, as the triggers write it."""
    if session.get_bind().dialect.name == "sqlite":
        return sa.func.substr(at, 1, 10)
    return sa.cast(sa.func.timezone("UTC", at), sa.Date)


def _hour(session: Session, at: Any) -> sa.ColumnElement[Any]:
    """The hour of an instant in UTC, as the triggers write it."""
    if session.get_bind().dialect.name == "sqlite":
        return sa.func.substr(at, 1, 13) + ":00:00.000000"
    return sa.func.date_trunc("hour", at, "UTC")
