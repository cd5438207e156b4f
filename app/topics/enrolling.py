"""The electoral roll of a round: frozen at its opening, with the late joiners its rule admits.

Who may vote follows from who supports us; this file listens to that room.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
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


def append_late(session: Session, account_ids: Collection[int], now: datetime) -> None:
    """Give a ballot to people who came into good standing while a round runs.

    Only where the round's rule admits late joiners. Who was taken off after a refund and paid
    again is put back.
    """
    guarding.share(session.connection())
    round_id = _running(session, now, Round.late_joiners)
    if round_id is None:
        return
    entries = [
        {
            "round_id": round_id,
            "account_id": account_id,
            "added_at": now,
            "late": True,
            "voted": False,
        }
        for account_id in sorted(set(account_ids))
    ]
    if insert_once(session, RollEntry, entries) < len(entries):
        was_removed = sa.and_(_of(round_id, account_ids), RollEntry.removed_at.is_not(None))
        put_back = {"removed_at": None, "removed_reason": None}
        session.execute(sa.update(RollEntry).where(was_removed).values(put_back))


def take_off(session: Session, reasons: Mapping[int, str], now: datetime) -> None:
    """Take people off the running round's roll, and their ballots out, after refunds or disputes.

    After closing nothing changes: the result stands.
    """
    guarding.share(session.connection())
    round_id = _running(session, now)
    if round_id is None:
        return
    on_roll = sa.and_(_of(round_id, reasons), RollEntry.removed_at.is_(None))
    theirs = sa.select(RollEntry.account_id).where(on_roll).order_by(RollEntry.account_id)
    leaving = list(session.scalars(for_update(theirs)))
    if not leaving:
        return
    ballot = sa.and_(Ballot.round_id == round_id, Ballot.account_id.in_(leaving))
    ballots = sa.select(Ballot.id).where(ballot)
    session.execute(sa.delete(BallotMark).where(BallotMark.ballot_id.in_(ballots)))
    session.execute(sa.delete(Ballot).where(ballot))
    for reason in sorted({reasons[who] for who in leaving}):
        those = _of(round_id, [who for who in leaving if reasons[who] == reason])
        off = {"voted": False, "removed_at": now, "removed_reason": reason}
        session.execute(sa.update(RollEntry).where(those).values(off))


standing.on_gained.append(append_late)
standing.on_lost.append(take_off)


def _running(session: Session, now: datetime, *rules: sa.ColumnElement[bool] | Any) -> int | None:
    running = (Round.state == "open", Round.closes_at > now, *rules)
    return session.scalar(sa.select(Round.id).where(*running))


def _of(round_id: int, account_ids: Collection[int]) -> sa.ColumnElement[bool]:
    return sa.and_(RollEntry.round_id == round_id, RollEntry.account_id.in_(account_ids))
