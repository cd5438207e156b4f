"""Casting a ballot: one a person whatever they give, changed as often as they like until the end.

Saved is counted. While a round runs the ballot belongs to its voter, and nobody else reads it.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.db import for_update, insert_once
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
    entry = _seat(session, round_id, account_id)
    marked = _options(session, round_id, set(choices))
    is_first = not entry.voted
    if is_first:
        entry.voted = True
        ballot, before = _new(session, round_id, account_id, now), set[int]()
    else:
        ballot, before = _saved(session, round_id, account_id)
    wanted = set(marked.values())
    _mark(session, ballot, before, wanted)
    ballot.changes += before != wanted and not is_first
    if wants_mail or not is_first:
        _follow(session, account_id, round_, set(marked) if wants_mail else set(), now)
    session.flush()
    return Saved(receipt=ballot.receipt, is_first=is_first)


def readable(receipt: str) -> str:
    """A receipt code in groups of four, as it is shown: "K7QF-2M9D-XW4T"."""
    return "-".join(receipt[start : start + 4] for start in range(0, len(receipt), 4))


def _seat(session: Session, round_id: int, account_id: int) -> RollEntry:
    """This person's entry on the roll, locked, so that two tabs save one after the other."""
    mine = sa.select(RollEntry).where(
        RollEntry.round_id == round_id,
        RollEntry.account_id == account_id,
        RollEntry.removed_at.is_(None),
    )
    entry = session.scalar(for_update(mine).execution_options(populate_existing=True))
    if entry is None:
        raise PatronsOnly()
    return entry


def _options(session: Session, round_id: int, topics: set[int]) -> dict[int, int]:
    """The ballot's options by topic, of those that were marked."""
    known = sa.select(RoundOption.topic_id, RoundOption.id).where(RoundOption.round_id == round_id)
    options = {row.topic_id: row.id for row in session.execute(known)}
    if not topics <= options.keys():
        raise UnknownChoice()
    return {topic: options[topic] for topic in topics}


def _new(session: Session, round_id: int, account_id: int, now: datetime) -> Ballot:
    ballot = Ballot(
        round_id=round_id,
        account_id=account_id,
        receipt="".join(secrets.choice(ALPHABET) for _ in range(RECEIPT_LENGTH)),
        cast_at=now.replace(minute=0, second=0, microsecond=0),
        changes=0,
    )
    session.add(ballot)
    session.flush()
    return ballot


def _saved(session: Session, round_id: int, account_id: int) -> tuple[Ballot, set[int]]:
    """This person's ballot, and the options that are marked on it."""
    rows: Sequence[Any] = session.execute(
        sa.select(Ballot, BallotMark.option_id)
        .outerjoin(BallotMark, BallotMark.ballot_id == Ballot.id)
        .where(Ballot.round_id == round_id, Ballot.account_id == account_id)
    ).all()
    return rows[0][0], {option_id for _, option_id in rows if option_id is not None}


def _mark(session: Session, ballot: Ballot, before: set[int], wanted: set[int]) -> None:
    """Leave exactly the wanted options marked."""
    if before - wanted:
        gone = BallotMark.option_id.in_(before - wanted)
        session.execute(sa.delete(BallotMark).where(BallotMark.ballot_id == ballot.id, gone))
    new = [
        {"ballot_id": ballot.id, "option_id": option, "round_id": ballot.round_id}
        for option in sorted(wanted - before)
    ]
    if new:
        session.execute(sa.insert(BallotMark), new)


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
