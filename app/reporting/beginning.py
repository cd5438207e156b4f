"""Since when there is anything to tell of: no page leads into months before it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.payments.models import LedgerTransaction
from app.reporting.models import Movement, MovementDay
from app.reporting.months import Month, month_of

DAY = timedelta(days=1)


def first_month(session: Session, *, at: datetime, zone: str) -> Month:
    """The month of the first movement or payment; that of ``at`` where there is none before."""
    paid = session.scalar(sa.select(sa.func.min(LedgerTransaction.effective_at)))
    return month_of(min(filter(None, [at, paid, _first_moved(session)])), zone)


def _first_moved(session: Session) -> datetime | None:
    """The days are few, and the index finds the movements of one."""
    day = session.scalar(sa.select(sa.func.min(MovementDay.day)))
    if day is None:
        return None
    currencies = sa.select(MovementDay.currency).where(MovementDay.day == day)
    on_it = sa.select(sa.func.min(Movement.occurred_at)).where(
        Movement.currency.in_(currencies),
        Movement.occurred_at < datetime.combine(day + DAY, time(), UTC),
    )
    return session.scalar(on_it)
