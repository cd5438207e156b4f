"""The rows of movements: always what the history of pledges says.

``refresh`` writes a person's in the transaction that changed the history, ``rebuild`` everybody's;
both end in the same rows.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import audit
from app.core.db import Database
from app.core.i18n import lazy_gettext as _l
from app.core.statements import OneOf, rows, run
from app.membership import history
from app.membership.models import Pledge, PledgeChange
from app.reporting.folding import Moved, Step, monthly_value, of_each
from app.reporting.models import Movement

COUNTING = frozenset(["active", "past_due"])
BATCH = 500
audit.named({"reports.rebuilt": _l("Reports computed anew")})
Key = tuple[int, str, datetime]
_pledge: Any = Pledge.__table__.c
_change: Any = PledgeChange.__table__.c
_movement: Any = Movement.__table__.c
_HISTORY = (
    sa.select(
        _pledge.account_id, _pledge.currency, _pledge.started_at, _change.pledge_id,
        _change.cause_key, _change.effective_at, _change.state, _change.total, _change.interval,
        _change.reason,
    )
    .join(Pledge, _pledge.id == _change.pledge_id)
    .where(OneOf(_pledge.account_id, "accounts"), _pledge.started_at.is_not(None))
    .where(_pledge.state != "duplicate")
    .order_by(_pledge.account_id, _pledge.currency)
)  # fmt: skip
_STORED = sa.select(
    _movement.id, _movement.account_id, _movement.currency, _movement.occurred_at, _movement.kind,
    _movement.delta, _movement.value_after, _movement.reason,
).where(OneOf(_movement.account_id, "accounts"))  # fmt: skip
_DROP = sa.delete(Movement).where(OneOf(_movement.id, "wrong"))
_WRITE = sa.insert(Movement)


def refresh(session: Session, account_ids: Collection[int]) -> None:
    """Bring people's movements in line with the history of their pledges."""
    _write(session, _by_currency(session, account_ids), _stored(session, account_ids))


def rebuild(db: Database, *, actor_id: int | None, now: datetime) -> int:
    """Recompute everybody's movements from history; gives how many rows were wrong."""
    changed, last = 0, 0
    while True:
        with db.transaction() as session:
            ids = _next_accounts(session, after=last)
            if not ids:
                audit.record(
                    session, actor_id=actor_id, action="reports.rebuilt", subject="reports",
                    now=now, details={"rows": changed},
                )  # fmt: skip
                return changed
            changed += _write(session, _by_currency(session, ids), _stored(session, ids))
            last = ids[-1]


def wrong(session: Session, *, most: int = 100) -> list[int]:
    """Accounts whose stored movements are not what their history says, at most so many."""
    found: list[int] = []
    last = 0
    while len(found) < most and (ids := _next_accounts(session, after=last)):
        stored = {key: moved for _, key, moved in _stored(session, ids)}
        wanted = _by_currency(session, ids)
        keys = {key for key in stored.keys() | wanted.keys() if stored.get(key) != wanted.get(key)}
        found += sorted({key[0] for key in keys})
        last = ids[-1]
    return found[:most]


history.on_change.append(refresh)


def _by_currency(session: Session, account_ids: Collection[int]) -> dict[Key, Moved]:
    steps = rows(session, _HISTORY, {"accounts": list(account_ids)})
    wanted: dict[Key, Moved] = {}
    for account_id, group in groupby(steps, key=lambda row: row[0]):
        own = groupby(group, key=lambda row: row[1])
        moved = of_each({currency: [_step(*row[2:]) for row in one] for currency, one in own})
        for currency, each in moved.items():
            wanted |= {(account_id, currency, one.at): one for one in each}
    return wanted


def _step(
    started_at: datetime,
    pledge_id: int,
    cause: str,
    at: datetime,
    state: str,
    total: int,
    interval: str,
    reason: str | None,
) -> Step:
    """A row of history as a step; before the first paid charge a pledge is worth nothing."""
    counts = at >= started_at and state in COUNTING
    return Step(
        at=at,
        cause=cause,
        pledge_id=pledge_id,
        value=monthly_value(total, interval) if counts else 0,
        paused=state == "paused",
        reason=reason,
    )


def _stored(session: Session, account_ids: Collection[int]) -> list[tuple[int, Key, Moved]]:
    """The rows there are: their number, their key, and what they say."""
    found = rows(session, _STORED, {"accounts": list(account_ids)})
    return [
        (number, (account_id, currency, at), Moved(at, *said))
        for number, account_id, currency, at, *said in found
    ]


def _write(session: Session, wanted: dict[Key, Moved], stored: list[tuple[int, Key, Moved]]) -> int:
    """Bring what is stored to what is wanted; gives how many rows were wrong."""
    wrong = [number for number, key, moved in stored if wanted.get(key) != moved]
    right = {key for _, key, moved in stored if wanted.get(key) == moved}
    new = [
        {"account_id": account_id, "currency": currency, "occurred_at": at, "kind": moved.kind,
         "delta": moved.delta, "value_after": moved.value_after, "reason": moved.reason}
        for (account_id, currency, at), moved in wanted.items()
        if (account_id, currency, at) not in right
    ]  # fmt: skip
    if wrong:
        run(session, _DROP, {"wrong": wrong})
    if new:
        run(session, _WRITE, new)
    return len(wrong) + len(new)


def _next_accounts(session: Session, *, after: int) -> list[int]:
    owners = sa.select(Pledge.account_id).union(sa.select(Movement.account_id)).subquery()
    ids = sa.select(owners.c.account_id).where(owners.c.account_id > after)
    return list(session.scalars(ids.order_by(owners.c.account_id).limit(BATCH)))
