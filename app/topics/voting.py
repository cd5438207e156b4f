"""Casting a ballot: one a person whatever they give, changed as often as they like until the end.

Saved is counted. While a round runs the ballot belongs to its voter, and nobody else reads it.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.db import insert_once
from app.core.errors import NotFound
from app.topics import guarding
from app.topics.errors import PatronsOnly, UnknownChoice, VotingClosed
from app.topics.models import Ballot, BallotMark, RollEntry, Round, RoundOption, TopicFollow

# Letters and digits that nobody takes for one another; 60 bits, so that no two are alike.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RECEIPT_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Saved:
    """A ballot as it was saved. The receipt stays the same when the ballot is changed."""

    receipt: str
    is_first: bool


def cast(
    session: Session,
    *,
    round_id: int,
    account_id: int,
    choices: Collection[int],
    wants_mail: bool,
    now: datetime,
) -> Saved:
    """Save this person's ballot; saving it again changes it, and only the last one counts.

    ``choices`` are ids of topics on this ballot; none is a blank ballot, which counts for the
    turnout. ``wants_mail``: be written to when a marked topic becomes a story.
    Raises NotFound, VotingClosed (``now`` is not before ``closes_at``), PatronsOnly,
    UnknownChoice.
    """
    guarding.share(session)
    round_ = session.get(Round, round_id, populate_existing=True)
    if round_ is None or round_.state == "draft":
        raise NotFound()
    if round_.state != "open" or now >= round_.closes_at:
        raise VotingClosed()
    _claim_seat(session, round_id, account_id)
    marked = _options(session, round_id, set(choices))
    ballot, is_first = _ballot(session, round_id, account_id, now)
    changed = _mark(session, ballot, set(marked.values()))
    ballot.changes += changed and not is_first
    _follow(session, account_id, round_, set(marked) if wants_mail else set(), now)
    session.flush()
    return Saved(receipt=ballot.receipt, is_first=is_first)


def readable(receipt: str) -> str:
    """A receipt code in groups of four, as it is shown: "K7QF-2M9D-XW4T"."""
    return "-".join(receipt[start : start + 4] for start in range(0, len(receipt), 4))


def _claim_seat(session: Session, round_id: int, account_id: int) -> None:
    """Lock this person's entry on the roll, so that two tabs save one after the other."""
    on_roll = (
        RollEntry.round_id == round_id,
        RollEntry.account_id == account_id,
        RollEntry.removed_at.is_(None),
    )
    found: Any = session.execute(sa.update(RollEntry).where(*on_roll).values(voted=True))
    if found.rowcount == 0:
        raise PatronsOnly()


def _options(session: Session, round_id: int, topics: set[int]) -> dict[int, int]:
    """The ballot's options by topic, of those that were marked."""
    known = sa.select(RoundOption.topic_id, RoundOption.id).where(RoundOption.round_id == round_id)
    options = {row.topic_id: row.id for row in session.execute(known)}
    if not topics <= options.keys():
        raise UnknownChoice()
    return {topic: options[topic] for topic in topics}


def _ballot(session: Session, round_id: int, account_id: int, now: datetime) -> tuple[Ballot, bool]:
    values = {
        "round_id": round_id,
        "account_id": account_id,
        "receipt": "".join(secrets.choice(ALPHABET) for _ in range(RECEIPT_LENGTH)),
        "cast_at": now.replace(minute=0, second=0, microsecond=0),
        "changes": 0,
    }
    is_first = insert_once(session, Ballot, values) == 1
    mine = (Ballot.round_id == round_id, Ballot.account_id == account_id)
    ballot = session.scalars(sa.select(Ballot).where(*mine)).one()
    return ballot, is_first


def _mark(session: Session, ballot: Ballot, options: set[int]) -> bool:
    """Leave exactly these options marked; False where they were already."""
    held = sa.select(BallotMark.option_id).where(BallotMark.ballot_id == ballot.id)
    before = set(session.scalars(held))
    if before == options:
        return False
    gone = BallotMark.option_id.in_(before - options)
    session.execute(sa.delete(BallotMark).where(BallotMark.ballot_id == ballot.id, gone))
    new = [
        {"ballot_id": ballot.id, "option_id": option, "round_id": ballot.round_id}
        for option in sorted(options - before)
    ]
    if new:
        insert_once(session, BallotMark, new)
    return True


def _follow(
    session: Session, account_id: int, round_: Round, topics: set[int], now: datetime
) -> None:
    """Keep the wish to be written to; what was wished in an earlier round is not touched."""
    here = sa.select(RoundOption.topic_id).where(RoundOption.round_id == round_.id)
    session.execute(
        sa.delete(TopicFollow).where(
            TopicFollow.account_id == account_id,
            TopicFollow.topic_id.in_(here),
            TopicFollow.topic_id.not_in(topics),
            TopicFollow.created_at >= round_.opened_at,
        )
    )
    if topics:
        rows = [{"account_id": account_id, "topic_id": t, "created_at": now} for t in topics]
        insert_once(session, TopicFollow, rows)
