"""The electoral roll of a round: frozen at its opening, with the late joiners its rule admits.

Who may vote follows from who supports us; this file listens to that room.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.db import UTCDateTime, for_update, insert_once
from app.membership import standing
from app.topics import guarding
from app.topics.models import Ballot, BallotMark, RollEntry, Round


def freeze(session: Session, *, round_id: int, now: datetime) -> int:
    """Write everyone in good standing at this moment onto the roll; gives how many they are."""
    people = standing.good_standing_ids(session, now).distinct().subquery()
    (account_id,) = people.c
    rows = sa.select(
        sa.literal(round_id, sa.BigInteger()),
        account_id,
        sa.literal(now, UTCDateTime()),
        sa.false(),
        sa.false(),
    )
    columns = ["round_id", "account_id", "added_at", "late", "voted"]
    session.execute(sa.insert(RollEntry).from_select(columns, rows))
    on_roll = sa.select(sa.func.count()).where(RollEntry.round_id == round_id)
    return session.scalar(on_roll) or 0


def append_late(session: Session, account_id: int, now: datetime) -> None:
    """Give a ballot to somebody who came into good standing while a round runs.

    Only where the round's rule admits late joiners. Somebody who was taken off after a refund and
    paid again is put back.
    """
    guarding.share(session.connection())
    round_id = _running(session, now, Round.late_joiners)
    if round_id is None:
        return
    entry = {
        "round_id": round_id,
        "account_id": account_id,
        "added_at": now,
        "late": True,
        "voted": False,
    }
    if insert_once(session, RollEntry, entry) == 0:
        was_removed = sa.and_(_of(round_id, account_id), RollEntry.removed_at.is_not(None))
        put_back = {"removed_at": None, "removed_reason": None}
        session.execute(sa.update(RollEntry).where(was_removed).values(put_back))


def take_off(session: Session, account_id: int, reason: str, now: datetime) -> None:
    """Take somebody off the running round's roll, and their ballot out, after a refund or dispute.

    After closing nothing changes: the result stands.
    """
    guarding.share(session.connection())
    round_id = _running(session, now)
    if round_id is None:
        return
    mine = sa.select(RollEntry).where(_of(round_id, account_id))
    entry = session.scalar(for_update(mine))
    if entry is None or entry.removed_at is not None:
        return
    ballot = sa.and_(Ballot.round_id == round_id, Ballot.account_id == account_id)
    ballots = sa.select(Ballot.id).where(ballot)
    session.execute(sa.delete(BallotMark).where(BallotMark.ballot_id.in_(ballots)))
    session.execute(sa.delete(Ballot).where(ballot))
    entry.voted = False
    entry.removed_at, entry.removed_reason = now, reason
    session.flush()


standing.on_gained.append(append_late)
standing.on_lost.append(take_off)


def _running(session: Session, now: datetime, *rules: sa.ColumnElement[bool] | Any) -> int | None:
    running = (Round.state == "open", Round.closes_at > now, *rules)
    return session.scalar(sa.select(Round.id).where(*running))


def _of(round_id: int, account_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(RollEntry.round_id == round_id, RollEntry.account_id == account_id)
