"""What becomes public of a round at its closing: every ballot, and of nobody.

The list stands sorted by receipt code, which is random, so its order tells nothing. A chain of
hashes runs over it: whoever keeps its end can tell whether a line was changed, added or taken.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.topics.models import Ballot, BallotMark, RoundOption

CHUNK = 1000
SCRIPT = Path(__file__).with_name("recount.py")
PLACE_IN_SCRIPT = 'PUBLISHED = ""'
Anonymous = tuple[str, frozenset[int]]
"""A receipt code, and the ids of the marked options or topics."""


def part(session: Session, round_id: int) -> list[Anonymous]:
    """Delete for good whose ballots these are; gives them by option, sorted by receipt.

    The rows are deleted and written anew in that order, so that neither their ids nor their
    place on the disk tell who voted when.
    """
    ballots = list(_read(session, round_id, BallotMark.option_id))
    if session.get_bind().dialect.name == "sqlite":
        session.execute(sa.text("PRAGMA secure_delete = ON"))  # overwrite what is deleted
    session.execute(sa.delete(BallotMark).where(BallotMark.round_id == round_id))
    session.execute(sa.delete(Ballot).where(Ballot.round_id == round_id))
    for start in range(0, len(ballots), CHUNK):
        _write(session, round_id, ballots[start : start + CHUNK])
    return ballots


def lines(ballots: Iterable[Anonymous], topics: Sequence[int]) -> Iterator[tuple[str, str]]:
    """The lines of the public list and the chain's link at each; the first is the head.

    ``topics`` stand in the order that breaks a tie. A link is the SHA-256, in hex, of the link
    before, a line feed and the line; the first is that of the head alone.
    """
    head = ",".join(["receipt", *(f"topic-{topic}" for topic in topics), "chain"])
    link = _sha256(head)
    yield head, link
    for receipt, marked in ballots:
        line = ",".join([receipt, *("1" if topic in marked else "0" for topic in topics)])
        link = _sha256(f"{link}\n{line}")
        yield line, link


def chain_end(ballots: Iterable[Anonymous], topics: Sequence[int]) -> str:
    """The last link of the chain; that of the head where there are no ballots."""
    link = ""
    for _, link in lines(ballots, topics):  # noqa: B007  (the last one is wanted)
        pass
    return link


def end_of_list(session: Session, round_id: int) -> str:
    """The last link of the chain over a closed round's ballots as they are kept."""
    return chain_end(_read(session, round_id, RoundOption.topic_id), _topics(session, round_id))


def csv(session: Session, round_id: int) -> Iterator[str]:
    """The public list of a closed round as it is downloaded, line by line."""
    topics = _topics(session, round_id)
    listed = lines(_read(session, round_id, RoundOption.topic_id), topics)
    head, _ = next(listed)
    yield f"{head}\n"
    for line, link in listed:
        yield f"{line},{link}\n"


def recount_script(published: Mapping[str, object]) -> str:
    """The script that counts a round's list again, with what was published of it inside."""
    text = SCRIPT.read_text("utf-8")
    literal = repr(json.dumps(published, ensure_ascii=False))
    return text.replace(PLACE_IN_SCRIPT, f"PUBLISHED = {literal}", 1)


def _topics(session: Session, round_id: int) -> list[int]:
    options = sa.select(RoundOption.topic_id).where(RoundOption.round_id == round_id)
    return list(session.scalars(options.order_by(RoundOption.place)))


def _read(session: Session, round_id: int, named: Any) -> Iterator[Anonymous]:
    """The ballots sorted by receipt, some at a time, so that a million need no room."""
    rows: Iterable[Any] = session.execute(
        sa.select(Ballot.receipt, named)
        .outerjoin(BallotMark, BallotMark.ballot_id == Ballot.id)
        .outerjoin(RoundOption, RoundOption.id == BallotMark.option_id)
        .where(Ballot.round_id == round_id)
        .order_by(Ballot.receipt)
        .execution_options(yield_per=CHUNK)
    )
    for receipt, group in groupby(rows, key=itemgetter(0)):
        yield receipt, frozenset(mark for _, mark in group if mark is not None)


def _write(session: Session, round_id: int, ballots: Collection[Anonymous]) -> None:
    nobodys = {"round_id": round_id, "account_id": None, "cast_at": None, "changes": 0}
    rows = [{**nobodys, "receipt": receipt} for receipt, _ in ballots]
    written = session.execute(sa.insert(Ballot).returning(Ballot.receipt, Ballot.id), rows)
    ids = {row.receipt: row.id for row in written}
    marks = [
        {"ballot_id": ids[receipt], "option_id": option, "round_id": round_id}
        for receipt, marked in ballots
        for option in sorted(marked)
    ]
    if marks:
        session.execute(sa.insert(BallotMark), marks)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
