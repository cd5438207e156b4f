"""The dashboard's figures, gathered in a number of queries that does not grow with anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import progress
from app.core.money import Money
from app.core.progress import CheckResult, Progress
from app.payments.models import StripeEvent, Unclaimed
from app.reporting import mrr, people, recovery, revenue
from app.reporting.months import last_months
from app.reporting.mrr import MonthAccount
from app.reporting.people import FailedRow, PatronRow
from app.reporting.recovery import Recovery
from app.reporting.revenue import MonthRevenue
from app.topics import queries as topics
from app.topics.queries import RoundTurnout

MONTHS = 12
NEWEST = 8
FAILING = 20
DEMO = "demo"
# The newest is the last that came in: looking for the greatest time would read all of them.
_HEARD_AT = sa.select(StripeEvent.received_at).order_by(StripeEvent.id.desc()).limit(1)


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Everything the dashboard prints, in one currency."""

    currency: str
    months: list[MonthAccount]
    patrons_by_month: list[int]
    mrr: Money
    at_risk: tuple[int, Money]
    ending: tuple[int, Money]
    recovery: list[Recovery]
    revenue: list[MonthRevenue]
    turnout: list[RoundTurnout]
    failing: list[FailedRow]
    newest: list[PatronRow]
    heard_at: datetime | None
    unclaimed: int
    building: Progress | None
    broken: list[CheckResult]

    @property
    def this_month(self) -> MonthAccount:
        return self.months[-1]

    @property
    def patrons(self) -> int:
        """Active patrons now, in all currencies."""
        return self.patrons_by_month[-1]

    @property
    def committed(self) -> Money:
        return self.mrr - self.ending[1]

    @property
    def is_empty(self) -> bool:
        """Nobody ever gave: the page then teaches what will stand there."""
        return self.patrons == 0 and all(month.end.minor == 0 for month in self.months)


def gather(
    session: Session, *, now: datetime, zone: str, currency: str, all_names: bool
) -> Dashboard:
    """Read the dashboard in one snapshot; names only of those who allowed it, or all."""
    months = last_months(now, zone, MONTHS)
    accounts = mrr.accounts(session, months=months, currency=currency)
    patrons = mrr.patrons_by_month(session, months=months)
    return Dashboard(
        currency=currency,
        months=accounts,
        patrons_by_month=patrons,
        mrr=accounts[-1].end,
        at_risk=mrr.at_risk(session, currency=currency),
        ending=mrr.ending(session, currency=currency),
        recovery=recovery.by_month(session, months=months, currency=currency),
        revenue=revenue.by_month(session, months=months, currency=currency),
        turnout=topics.rounds_turnout(session),
        failing=people.named(
            session, people.failing(session, currency=currency, most=FAILING), all_names
        ),
        newest=people.named(session, people.newest(session, most=NEWEST), all_names),
        heard_at=session.scalar(_HEARD_AT),
        unclaimed=session.scalar(sa.select(sa.func.count()).select_from(Unclaimed)) or 0,
        building=_unfinished(session),
        broken=progress.broken_checks(session),
    )


def _unfinished(session: Session) -> Progress | None:
    found = progress.of(session, DEMO)
    return found if found is not None and found.finished_at is None else None
