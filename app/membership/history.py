"""What was true of a pledge from when on: the rows that all figures of movement are made of.

A row a cause, so a cause that comes twice is one row, and causes may come in any order. States
are those of a pledge, and ``lapsed``: past due for longer than grace, which counts for nothing.
In one second rows are read in the order of their cause: ``evt:`` (a subscription as an event
showed it) before ``grace:`` before ``over:`` (the event of its end) before ``start:``.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.statements import OneOf, Plain, plain, run
from app.membership.models import PledgeChange

GRACE = "grace:"
PAST_DUE, LAPSED = "past_due", "lapsed"
FAILING = (PAST_DUE, LAPSED)
INVOLUNTARY = "involuntary"
# Judged again, whenever a cause comes late.
JUDGED = ("effective_at", "state", "total", "interval", "reason")
WRITTEN = ("pledge_id", "cause_key", *JUDGED)
_changes: Any = PledgeChange.__table__
_OF_PLEDGES = sa.select(*_changes.c).where(OneOf(_changes.c.pledge_id, "pledges"))
_WRITE = sa.insert(_changes)
_JUDGE = sa.update(_changes).where(_changes.c.id == sa.bindparam("number"))

# Upper rooms add themselves: called with accounts after the history of their pledges changed.
on_change: list[Callable[[Session, Collection[int]], None]] = []


class Past:
    """The history of some pledges, read at once; what is added is written by ``write``.

    Whoever adds holds the lock of the pledge's account, so a cause that is not there stays so.
    """

    def __init__(self, session: Session, pledge_ids: Collection[int]) -> None:
        self._session = session
        self._rows: dict[int, list[Plain]] = {key: [] for key in pledge_ids}
        self._new: list[Plain] = []
        self._read: list[tuple[Plain, Plain]] = []  # each row, and what it was
        for row in changes(session, pledge_ids) if pledge_ids else ():
            self._rows[row.pledge_id].append(row)
            self._read.append((row, Plain(**vars(row))))

    def of(self, pledge_id: int) -> Sequence[Plain]:
        """The rows of one of these pledges, oldest first."""
        return self._rows[pledge_id]

    def add(
        self,
        pledge_id: int,
        *,
        cause_key: str,
        effective_at: datetime,
        state: str,
        total: int,
        interval: str,
        reason: str | None = None,
    ) -> bool:
        """Write down what is so from a moment on; False where this cause was written so before.

        Of a cause that was dated otherwise only the date is new: when a debit came may be learned
        after that it came. The caller tells the upper rooms, once what it changed besides is
        written too.
        """
        rows = self._rows[pledge_id]
        row = next((row for row in rows if row.cause_key == cause_key), None)
        if row is not None:
            return self._date(rows, row, effective_at)
        row = Plain(
            pledge_id=pledge_id,
            cause_key=cause_key,
            effective_at=effective_at,
            state=state,
            total=total,
            interval=interval,
            reason=reason,
        )
        self._new.append(row)
        insort(rows, row, key=_place)
        _keep_lapsed(rows)
        return True

    def _date(self, rows: list[Plain], row: Plain, at: datetime) -> bool:
        if row.effective_at == at:
            return False
        rows.remove(row)
        row.effective_at = at
        insort(rows, row, key=_place)
        _keep_lapsed(rows)
        return True

    def write(self) -> None:
        """Write what was added, and what else of the history is judged otherwise now."""
        new = [{name: getattr(row, name) for name in WRITTEN} for row in self._new]
        judged = [
            {"number": row.id, **{name: getattr(row, name) for name in JUDGED}}
            for row, was in self._read
            if row != was
        ]
        if new:
            run(self._session, _WRITE, new)
        if judged:
            run(self._session, _JUDGE, judged)
        self._new.clear()


def tell(session: Session, *account_ids: int) -> None:
    """Let the upper rooms read the history of some people again; all of it has been written."""
    for listener in on_change if account_ids else ():
        listener(session, account_ids)


def changes(session: Session, pledge_ids: Collection[int]) -> list[Plain]:
    """The rows of some pledges, oldest first."""
    found = plain(session, _OF_PLEDGES, {"pledges": list(pledge_ids)}, Plain)
    return sorted(found, key=_place)


def _place(row: Plain) -> tuple[datetime, str]:
    return row.effective_at, row.cause_key


def _keep_lapsed(rows: Sequence[Plain]) -> None:
    """Where grace ran out, what follows of the same failure counts no more; a payment ends that.

    Causes come in any order, so all rows are judged again, each by those before it.
    """
    if not any(row.cause_key.startswith(GRACE) for row in rows):
        return
    before: Plain | None = None
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
