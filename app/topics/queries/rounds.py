"""Rounds as pages and other rooms read them. Nothing here tells a count before closing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from app.core.statements import rows
from app.topics.models import Round, RoundNotice, RoundOption, Topic
from app.topics.queries import turnouts, words

_RUNNING = sa.select(Round.id, Round.number, Round.question, Round.closes_at).where(
    Round.state == "open"
)


@dataclass(frozen=True, slots=True)
class OptionCard:
    """A topic on a ballot, in the reader's language."""

    id: int
    """of the topic; what a ballot's ``choice`` says"""
    title: str
    text: str
    language: str
    foreign: bool
    by_newsroom: bool
    proposer_name: str | None
    weeks: int | None


@dataclass(frozen=True, slots=True)
class RoundCard:
    """A round that opened, with its rule and its topics."""

    id: int
    number: int
    question: str
    state: str
    method: str
    tie_break: str
    opens_at: datetime
    closes_at: datetime
    opened_at: datetime | None
    closed_at: datetime | None
    starts_on: date | None
    late_joiners: bool
    rule: dict[str, Any]
    turnout: turnouts.Turnout
    topics: Sequence[OptionCard]

    @property
    def voted(self) -> int:
        return self.turnout.voted

    @property
    def roll(self) -> int:
        return self.turnout.roll

    @property
    def roll_frozen(self) -> int:
        return self.turnout.frozen

    @property
    def late(self) -> int:
        return self.turnout.late


@dataclass(frozen=True, slots=True)
class Running:
    """The round that is open, as menus and margins name it."""

    id: int
    number: int
    question: str
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """A changed end, with its reason in the reader's language."""

    kind: str
    note: str
    closed_before: datetime
    closes_after: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class RoundTurnout:
    """One round's line on the dashboard."""

    id: int
    number: int
    state: str
    opened_at: datetime
    closes_at: datetime
    turnout: turnouts.Turnout

    @property
    def voted(self) -> int:
        return self.turnout.voted

    @property
    def roll(self) -> int:
        return self.turnout.roll


def running(connection: Connection) -> Running | None:
    """The round that is open, in one question to the database; for the menu of every page."""
    found = rows(connection, _RUNNING)
    if not found:
        return None
    [row] = found
    return Running(row.id, row.number, words.by_language(row.question), row.closes_at)


def number_and_state(session: Session, round_id: int) -> tuple[int, str] | None:
    """Which round this is and whether it is open or closed; None for a draft."""
    wanted = sa.select(Round.number, Round.state).where(Round.id == round_id)
    row = session.execute(wanted.where(Round.state != "draft")).first()
    return (row.number, row.state) if row else None


def open_round(session: Session, *, seed: str = "") -> RoundCard | None:
    """The round that is open, if one is; its topics in the order that ``seed`` gives."""
    round_ = session.scalar(sa.select(Round).where(Round.state == "open"))
    return _card(session, round_, seed) if round_ else None


def round_card(session: Session, round_id: int, *, seed: str = "") -> RoundCard | None:
    """A round that is open or closed; a draft is nobody's business yet."""
    round_ = session.get(Round, round_id)
    return _card(session, round_, seed) if round_ and round_.state != "draft" else None


def turnout(session: Session, round_id: int) -> turnouts.Turnout:
    """How many may vote in a round that opened, and how many have."""
    return turnouts.of_round(session, session.get_one(Round, round_id))


def rounds_turnout(session: Session, *, most: int = 12) -> list[RoundTurnout]:
    """The turnout of the newest rounds that opened, the newest first."""
    opened = sa.select(Round).where(Round.state != "draft").order_by(Round.number.desc())
    return [
        RoundTurnout(
            r.id,
            r.number,
            r.state,
            r.opened_at or r.opens_at,
            r.closes_at,
            turnouts.of_round(session, r),
        )
        for r in session.scalars(opened.limit(most))
    ]


def notices(session: Session, round_id: int) -> list[Notice]:
    """What was changed about a round's end while it ran, the newest first."""
    told = sa.select(RoundNotice).where(RoundNotice.round_id == round_id)
    return [
        Notice(n.kind, words.by_language(n.note), n.closed_before, n.closes_after, n.at)
        for n in session.scalars(told.order_by(RoundNotice.id.desc()))
    ]


def shuffled(options: Sequence[OptionCard], *, round_id: int, seed: str) -> list[OptionCard]:
    """An order that looks random and is the same each time for one round and one voter."""

    def rank(option: OptionCard) -> bytes:
        return hashlib.sha256(f"{round_id}:{seed}:{option.id}".encode()).digest()

    return sorted(options, key=rank)


def _card(session: Session, round_: Round, seed: str) -> RoundCard:
    found = session.execute(
        sa.select(RoundOption.texts, Topic.id, Topic.by_newsroom, Topic.proposer_name)
        .join(Topic, Topic.id == RoundOption.topic_id)
        .where(RoundOption.round_id == round_.id)
    )
    options = []
    for row in found:
        said = words.on_ballot(row.texts)
        options.append(
            OptionCard(
                row.id, said.title, said.text, said.language, said.foreign,
                row.by_newsroom, row.proposer_name, row.texts["weeks"],
            )
        )  # fmt: skip
    return RoundCard(
        id=round_.id,
        number=round_.number,
        question=words.by_language(round_.question),
        state=round_.state,
        method=round_.method,
        tie_break=round_.tie_break,
        opens_at=round_.opens_at,
        closes_at=round_.closes_at,
        opened_at=round_.opened_at,
        closed_at=round_.closed_at,
        starts_on=round_.starts_on,
        late_joiners=round_.late_joiners,
        rule=round_.rule,
        turnout=turnouts.of_round(session, round_),
        topics=shuffled(options, round_id=round_.id, seed=seed),
    )
