"""What the figures are read from: movements of MRR, written when they happen, and sums."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.core import summing
from app.core.db import Base, BigId, made_with
from app.payments.models import LedgerEntry, LedgerTransaction
from app.reporting.triggers import SUM_ENTRIES, SUM_FACTS, SUM_MOVEMENTS

KINDS = ("new", "reactivation", "expansion", "contraction", "churn", "paused", "resumed")


class Movement(Base):
    """One person's change of monthly value.

    Values are twelfths of a minor unit, so that a year's pledge is exact: 60.00 a year is
    6000 twelfths a month, 5.00 a month is 6000 too.
    """

    __tablename__ = "movement"
    __table_args__ = (
        sa.CheckConstraint(
            "kind IN ('new', 'reactivation', 'expansion', 'contraction', 'churn', 'paused', "
            "'resumed')",
            name="kind",
        ),
        sa.CheckConstraint("delta <> 0", name="delta"),
        sa.CheckConstraint("value_after >= 0", name="value"),
        sa.UniqueConstraint("account_id", "currency", "occurred_at"),
        sa.Index("ix_movement_currency_occurred", "currency", "occurred_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("account.id"))
    currency: Mapped[str] = mapped_column(sa.String(3))
    occurred_at: Mapped[datetime]
    kind: Mapped[str]
    delta: Mapped[int]  # twelfths of a minor unit
    value_after: Mapped[int]  # twelfths of a minor unit
    reason: Mapped[str | None]  # of a churn: voluntary, involuntary, dispute


class MovementDay(Base):
    """The movements of one kind on one day (UTC) in one currency, counted and summed; see triggers.

    The sum over ``writer`` counts: 0 on SQLite, on PostgreSQL the connection that wrote.
    """

    __tablename__ = "movement_day"

    currency: Mapped[str] = mapped_column(sa.String(3), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    writer: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    moves: Mapped[int]
    delta: Mapped[int]  # twelfths of a minor unit


class RevenueHour(Base):
    """What one line of revenue brought in one hour (UTC) in one currency; see triggers.

    Hours, for nearly everywhere a month begins with one. Signed as the ledger is: what came is
    negative, refunds and fees are positive. The sum over ``writer`` counts, as with movements.
    """

    __tablename__ = "revenue_hour"
    __table_args__ = (
        sa.CheckConstraint("line IN ('recurring', 'one_time', 'refunds', 'fees')", name="line"),
    )

    currency: Mapped[str] = mapped_column(sa.String(3), primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    line: Mapped[str] = mapped_column(primary_key=True)
    writer: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    amount: Mapped[int]


made_with(Movement.__table__, SUM_MOVEMENTS)  # type: ignore[arg-type]
made_with(LedgerEntry.__table__, SUM_ENTRIES)  # type: ignore[arg-type]
made_with(LedgerTransaction.__table__, SUM_FACTS)  # type: ignore[arg-type]
summing.by_writer(MovementDay)
summing.by_writer(RevenueHour)
