"""Money that came and went, by month, from the ledger: gross, refunds, fees, net."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.money import Money
from app.membership.models import Gift
from app.payments.models import LedgerEntry, LedgerTransaction
from app.reporting.months import Month


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
        """What arrived at the newsroom."""
        return self.gross - self.refunds - self.fees


def by_month(session: Session, *, months: Sequence[Month], currency: str) -> list[MonthRevenue]:
    """Consecutive months' money in one currency, by the day it moved at Stripe; one query.

    Only what is ours counts: charges without our metadata stand in the unclaimed list.
    """
    effective = LedgerTransaction.effective_at
    bucket = sa.case(*[(effective < m.end, i) for i, m in enumerate(months)], else_=-1)
    is_gift = sa.exists().where(Gift.ref == LedgerTransaction.ref)
    line = sa.case(
        (LedgerEntry.book == "fees", "fees"),
        (LedgerTransaction.kind.in_(("refund", "refund_failed")), "refunds"),
        (is_gift, "one_time"),
        else_="recurring",
    )
    rows = session.execute(
        sa.select(bucket.label("bucket"), line.label("line"), sa.func.sum(LedgerEntry.amount))
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(LedgerEntry.book.in_(("patrons", "fees")), LedgerEntry.currency == currency)
        .where(LedgerTransaction.ref.is_not(None))
        .where(effective >= months[0].start, effective < months[-1].end)
        .group_by("bucket", "line")
    )
    sums = {(row[0], row[1]): int(row[2]) for row in rows}
    return [_month(month, index, sums, currency) for index, month in enumerate(months)]


def _month(
    month: Month, index: int, sums: dict[tuple[int, str], int], currency: str
) -> MonthRevenue:
    """The book ``patrons`` is credited with what they pay, so income is negative in it."""

    def money(line: str, sign: int) -> Money:
        return Money(sign * sums.get((index, line), 0), currency)

    return MonthRevenue(
        month=month,
        recurring=money("recurring", -1),
        one_time=money("one_time", -1),
        refunds=money("refunds", 1),
        fees=money("fees", 1),
    )
