"""Casting a ballot: one a person whatever they give, changed as often as they like until the end.

Saved is counted. While a round runs the ballot belongs to its voter, and nobody else reads it.
On a round's last evening everyone votes at once: a first ballot is three statements, made once.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.engine import Connection

from app.core.db import insert_for, insert_once
from app.core.errors import AppError, NotFound
from app.core.pagination import LARGEST_KEY
from app.core.statements import OneOf, column, rows, run
from app.topics import guarding
from app.topics.errors import PatronsOnly, UnknownChoice, VotingClosed
from app.topics.models import Ballot, BallotMark, RollEntry, Round, RoundOption, TopicFollow

# Letters and digits that nobody takes for one another; 60 bits, so that no two are alike.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RECEIPT_LENGTH = 12
DIGIT_BITS = 5
_roll: Any = RollEntry.__table__
_ballot: Any = Ballot.__table__
_mark: Any = BallotMark.__table__
_option: Any = RoundOption.__table__
_follow: Any = TopicFollow.__table__
_round: Any = Round.__table__

ROUND = sa.select(_round.c.state, _round.c.closes_at).where(_round.c.id == bindparam("round"))
TAKES_BALLOTS = sa.exists().where(
    _round.c.id == bindparam("round"),
    _round.c.state == "open",
    _round.c.closes_at > bindparam("now"),
)
TAKE_SEAT = (
    sa.update(_roll)
    .where(_roll.c.round_id == bindparam("round"), _roll.c.account_id == bindparam("person"))
    .where(_roll.c.removed_at.is_(None), TAKES_BALLOTS)
    .values(voted=True)
)
MARKED = (
    sa.select(_option.c.topic_id)
    .join(_mark, _mark.c.option_id == _option.c.id)
    .where(_mark.c.ballot_id == bindparam("ballot"))
)
MARK = sa.insert(_mark).from_select(
    ["ballot_id", "option_id", "round_id"],
    sa.select(bindparam("ballot", type_=sa.BigInteger()), _option.c.id, _option.c.round_id).where(
        _option.c.round_id == bindparam("round"), OneOf(_option.c.topic_id, "topics")
    ),
)
CLEAR = sa.delete(_mark).where(_mark.c.ballot_id == bindparam("ballot"))
CHANGED = (
    sa.update(_ballot)
    .where(_ballot.c.id == bindparam("ballot"))
    .values(changes=_ballot.c.changes + 1)
)
# What was asked for on a topic's page, or in an earlier round, is not touched.
UNFOLLOW = sa.delete(_follow).where(
    _follow.c.account_id == bindparam("person"),
    _follow.c.round_id == bindparam("round"),
    sa.not_(OneOf(_follow.c.topic_id, "topics")),
)


@dataclass(frozen=True, slots=True)
class Saved:
    """A ballot as it was saved. The receipt stays the same when the ballot is changed."""

    receipt: str
    is_first: bool


def cast(
    connection: Connection,
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
    UnknownChoice; what was written until then goes with the transaction.
    """
    guarding.share(connection)
    topics = set(choices)
    # Taking the seat takes its row, so that two tabs save one after the other.
    seat = {"round": round_id, "person": account_id, "now": now}
    if run(connection, TAKE_SEAT, seat) != 1:
        raise _reason(connection, round_id, now)
    ballot_id, receipt, is_first = _keep(connection, round_id, account_id, now)
    if is_first:
        _mark_all(connection, ballot_id, round_id, topics)
    else:
        _mark_anew(connection, ballot_id, round_id, topics)
    if wants_mail or not is_first:
        _wish(connection, account_id, round_id, topics if wants_mail else set(), now)
    return Saved(receipt=receipt, is_first=is_first)


def readable(receipt: str) -> str:
    """A receipt code in groups of four, as it is shown: "K7QF-2M9D-XW4T"."""
    return "-".join(receipt[start : start + 4] for start in range(0, len(receipt), 4))


def _reason(connection: Connection, round_id: int, now: datetime) -> AppError:
    """Why there was no seat to take."""
    found = rows(connection, ROUND, {"round": round_id})
    if not found or found[0].state == "draft":
        return NotFound()
    [round_] = found
    if round_.state != "open" or now >= round_.closes_at:
        return VotingClosed()
    return PatronsOnly()


def _keep(
    connection: Connection, round_id: int, account_id: int, now: datetime
) -> tuple[int, str, bool]:
    """This person's ballot, new or the one they have: its number, its receipt, whether it is new.

    The receipt that comes back is the one that was made just now, or an earlier one.
    """
    receipt = _new_receipt()
    hour = now.replace(minute=0, second=0, microsecond=0)
    new = {
        "round_id": round_id, "account_id": account_id, "receipt": receipt, "cast_at": hour,
        "changes": 0,
    }  # fmt: skip
    [kept] = rows(connection, _keep_ballot(connection.dialect.name), new)
    return kept.id, kept.receipt, kept.receipt == receipt


@cache
def _keep_ballot(dialect: str) -> Any:
    insert = insert_for(dialect, Ballot)
    # Changing nothing is what lets the row that is there come back.
    there = insert.on_conflict_do_update(
        index_elements=["round_id", "account_id"], set_={"changes": _ballot.c.changes}
    )
    return there.returning(_ballot.c.id, _ballot.c.receipt)


def _new_receipt() -> str:
    number = secrets.randbits(DIGIT_BITS * RECEIPT_LENGTH)
    places = range(0, DIGIT_BITS * RECEIPT_LENGTH, DIGIT_BITS)
    return "".join(ALPHABET[(number >> place) % len(ALPHABET)] for place in places)


def _mark_all(connection: Connection, ballot_id: int, round_id: int, topics: set[int]) -> None:
    """Mark topics on a ballot without a mark; raises UnknownChoice for one that is not on it."""
    if not all(0 < topic <= LARGEST_KEY for topic in topics):
        raise UnknownChoice()
    marks = {"ballot": ballot_id, "round": round_id, "topics": list(topics)}
    if topics and run(connection, MARK, marks) != len(topics):
        raise UnknownChoice()


def _mark_anew(connection: Connection, ballot_id: int, round_id: int, topics: set[int]) -> None:
    """Leave exactly these topics marked, and count that the ballot was changed, if it was."""
    ballot = {"ballot": ballot_id}
    if set(column(connection, MARKED, ballot)) != topics:
        run(connection, CLEAR, ballot)
        _mark_all(connection, ballot_id, round_id, topics)
        run(connection, CHANGED, ballot)


def _wish(
    connection: Connection, account_id: int, round_id: int, topics: set[int], now: datetime
) -> None:
    """Keep the wish to be written to."""
    others = {"person": account_id, "round": round_id, "topics": list(topics)}
    run(connection, UNFOLLOW, others)
    if topics:
        wish = {"account_id": account_id, "round_id": round_id, "created_at": now}
        wishes = [wish | {"topic_id": topic} for topic in topics]
        insert_once(connection, TopicFollow, wishes)
