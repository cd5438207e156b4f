"""What was true of a pledge from when on: the rows that all figures of movement are made of.

A row a cause, so a cause that comes twice is one row, and causes may come in any order. States
are those of a pledge, and ``lapsed``: past due for longer than grace, which counts for nothing.
In one second rows are read in the order of their cause: ``evt:`` (a subscription as an event
showed it) before ``grace:`` before ``over:`` (the event of its end) before ``start:``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.db import insert_once
from app.membership.models import Pledge, PledgeChange

GRACE = "grace:"
PAST_DUE, LAPSED = "past_due", "lapsed"
FAILING = (PAST_DUE, LAPSED)
INVOLUNTARY = "involuntary"

# Upper rooms add themselves: called with the account after the history of a pledge changed.
on_change: list[Callable[[Session, int], None]] = []


def add(
    session: Session,
    pledge: Pledge,
    *,
    cause_key: str,
    effective_at: datetime,
    state: str,
    total: int,
    interval: str,
    reason: str | None = None,
) -> bool:
    """Write down what is so from a moment on; False where this cause was written before.

    The caller tells the upper rooms, once what it changed besides is written too.
    """
    row = {
        "pledge_id": pledge.id,
        "cause_key": cause_key,
        "effective_at": effective_at,
        "state": state,
        "total": total,
        "interval": interval,
        "reason": reason,
    }
    if not insert_once(session, PledgeChange, row):
        return False
    _keep_lapsed(session, pledge.id)
    return True


def tell(session: Session, account_id: int) -> None:
    """Let the upper rooms read a person's history again."""
    for listener in on_change:
        listener(session, account_id)


def changes(session: Session, pledge_ids: list[int]) -> list[PledgeChange]:
    """The rows of some pledges, oldest first."""
    mine = sa.select(PledgeChange).where(PledgeChange.pledge_id.in_(pledge_ids))
    return list(session.scalars(mine.order_by(PledgeChange.effective_at, PledgeChange.cause_key)))


def _keep_lapsed(session: Session, pledge_id: int) -> None:
    """Where grace ran out, what follows of the same failure counts no more; a payment ends that.

    Causes come in any order, so all rows are judged again, each by those before it.
    """
    rows = changes(session, [pledge_id])
    if not any(row.cause_key.startswith(GRACE) for row in rows):
        return
    before: PledgeChange | None = None
    lapsed = False
    for row in rows:
        if row.cause_key.startswith(GRACE):
            lapsed = before is not None and before.state in FAILING
            if before is not None and not lapsed:  # it was paid in time, as we learnt later
                row.state, row.total, row.interval = before.state, before.total, before.interval
            else:
                row.state = LAPSED
        elif row.state in FAILING:
            row.state = LAPSED if lapsed else PAST_DUE
        else:
            lapsed = False
        if row.state in (PAST_DUE, LAPSED):
            row.reason = INVOLUNTARY if row.state == LAPSED else None
        before = row
