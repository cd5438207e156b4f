"""The rows of movements: always what the history of pledges says.

``refresh`` writes a person's in the transaction that changed the history, ``rebuild`` everybody's;
both end in the same rows.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from itertools import groupby

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.db import Database
from app.membership import history
from app.membership.models import Pledge, PledgeChange
from app.reporting.folding import Moved, Step, monthly_value, of
from app.reporting.models import Movement

COUNTING = frozenset(["active", "past_due"])
BATCH = 500
Key = tuple[int, str, datetime]


def refresh(session: Session, account_ids: Collection[int]) -> None:
    """Bring people's movements in line with the history of their pledges."""
    wanted = _by_currency(session, account_ids)
    stored = session.scalars(sa.select(Movement).where(Movement.account_id.in_(account_ids)))
    _write(session, wanted, list(stored))


def rebuild(db: Database) -> int:
    """Recompute everybody's movements from history; gives how many rows were wrong."""
    changed, last = 0, 0
    while True:
        with db.transaction() as session:
            ids = _next_accounts(session, after=last)
            if not ids:
                return changed
            mine = sa.select(Movement).where(Movement.account_id.in_(ids))
            changed += _write(session, _by_currency(session, ids), list(session.scalars(mine)))
            last = ids[-1]


def wrong(session: Session, *, most: int = 100) -> list[int]:
    """Accounts whose stored movements are not what their history says, at most so many."""
    found: list[int] = []
    last = 0
    while len(found) < most and (ids := _next_accounts(session, after=last)):
        mine = sa.select(Movement).where(Movement.account_id.in_(ids))
        stored = {_key(row): _facts(row) for row in session.scalars(mine)}
        wanted = _by_currency(session, ids)
        keys = {key for key in stored.keys() | wanted.keys() if stored.get(key) != wanted.get(key)}
        found += sorted({key[0] for key in keys})
        last = ids[-1]
    return found[:most]


history.on_change.append(refresh)


def _by_currency(session: Session, account_ids: Collection[int]) -> dict[Key, Moved]:
    rows = session.execute(
        sa.select(PledgeChange, Pledge.account_id, Pledge.currency, Pledge.started_at)
        .join(Pledge, Pledge.id == PledgeChange.pledge_id)
        .where(Pledge.account_id.in_(account_ids), Pledge.started_at.is_not(None))
        .where(Pledge.state != "duplicate")
        .order_by(Pledge.account_id, Pledge.currency)
    )
    wanted: dict[Key, Moved] = {}
    for (account_id, currency), group in groupby(rows, key=lambda row: (row[1], row[2])):
        steps = [_step(change, started) for change, _, _, started in group]
        for moved in of(steps):
            wanted[account_id, currency, moved.at] = moved
    return wanted


def _step(change: PledgeChange, started_at: datetime | None) -> Step:
    """A row of history as a step; before the first paid charge a pledge is worth nothing."""
    is_paid = started_at is not None and change.effective_at >= started_at
    counts = is_paid and change.state in COUNTING
    value = monthly_value(change.total, change.interval) if counts else 0
    return Step(
        at=change.effective_at,
        cause=change.cause_key,
        pledge_id=change.pledge_id,
        value=value,
        paused=change.state == "paused",
        reason=change.reason,
    )


def _write(session: Session, wanted: dict[Key, Moved], stored: list[Movement]) -> int:
    changed = 0
    for row in stored:
        if _facts(row) == wanted.get(_key(row)):
            del wanted[_key(row)]
        else:
            session.delete(row)
            changed += 1
    session.flush()
    for (account_id, currency, at), moved in wanted.items():
        session.add(
            Movement(
                account_id=account_id,
                currency=currency,
                occurred_at=at,
                kind=moved.kind,
                delta=moved.delta,
                value_after=moved.value_after,
                reason=moved.reason,
            )
        )
        changed += 1
    session.flush()
    return changed


def _next_accounts(session: Session, *, after: int) -> list[int]:
    owners = sa.select(Pledge.account_id).union(sa.select(Movement.account_id)).subquery()
    ids = sa.select(owners.c.account_id).where(owners.c.account_id > after)
    return list(session.scalars(ids.order_by(owners.c.account_id).limit(BATCH)))


def _key(row: Movement) -> Key:
    return row.account_id, row.currency, row.occurred_at


def _facts(row: Movement) -> Moved:
    return Moved(row.occurred_at, row.kind, row.delta, row.value_after, row.reason)
