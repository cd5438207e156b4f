"""The promises about figures, as SQL: each check gives what breaks it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.reporting import movements
from app.reporting.models import Movement, MovementDay

MOST = 100


def run(session: Session, _now: datetime) -> dict[str, list[str]]:
    """Every check by its name, with what breaks it; at most a hundred each."""
    return {
        "Movements follow from history": [
            f"account {account_id}" for account_id in movements.wrong(session, most=MOST)
        ],
        "Sums by day are a recount": _wrong_sums(session),
    }


def _wrong_sums(session: Session) -> list[str]:
    """The kept sums by day are those of the movements, by currency and kind."""
    kept = sa.select(
        MovementDay.currency,
        MovementDay.kind,
        MovementDay.day,
        MovementDay.moves,
        MovementDay.delta,
    )
    single = sa.select(
        Movement.currency, Movement.kind, _day(session), sa.literal(-1), -Movement.delta
    )
    rows = sa.union_all(kept, single).subquery()
    key = (rows.c.currency, rows.c.kind, rows.c.day)
    off = sa.or_(sa.func.sum(rows.c.moves) != 0, sa.func.sum(rows.c.delta) != 0)
    wrong = session.execute(sa.select(*key).group_by(*key).having(off).order_by(*key).limit(MOST))
    return [f"{currency} {kind} {day}" for currency, kind, day in wrong]


def _day(session: Session) -> sa.ColumnElement[Any]:
    """The day of a movement in UTC, as the triggers write it."""
    if session.get_bind().dialect.name == "sqlite":
        return sa.func.substr(Movement.occurred_at, 1, 10)
    return sa.cast(sa.func.timezone("UTC", Movement.occurred_at), sa.Date)
