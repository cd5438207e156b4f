"""Rounds as editors see them: drafts too, and of a running one no more than anybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.audit import AuditEntry
from app.core.i18n import language
from app.topics.models import Round, RoundOption, Topic, TopicText
from app.topics.queries import lists, turnouts, words

MOST_ROUNDS = 100
NOBODY = turnouts.Turnout(frozen=0, late=0, removed=0, voted=0)


@dataclass(frozen=True, slots=True)
class DeskRound:
    """A round in the editors' list."""

    id: int
    number: int
    question: str
    questions: dict[str, str]
    state: str
    scheduled: bool
    opens_at: datetime
    closes_at: datetime
    starts_on: date | None
    late_joiners: bool
    turnout: turnouts.Turnout
    winner: str | None

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
class OnBallot:
    """A topic of a round, or one that could be."""

    id: int
    title: str
    weeks: int | None
    chosen: bool


def rounds(session: Session) -> list[DeskRound]:
    """The newest rounds, the newest first."""
    newest = sa.select(Round, Topic, TopicText).order_by(Round.number.desc()).limit(MOST_ROUNDS)
    return [_round(session, *row) for row in session.execute(_with_winner(newest))]


def one_round(session: Session, round_id: int) -> DeskRound | None:
    """One round, whatever its state."""
    wanted = sa.select(Round, Topic, TopicText).where(Round.id == round_id)
    row = session.execute(_with_winner(wanted)).first()
    return _round(session, *row) if row else None


def topics(session: Session, round_id: int | None) -> Sequence[OnBallot]:
    """The topics an editor may choose for a draft, or those on the ballot of a round that opened.

    In the order in which they were suggested, before closing and after.
    """
    options = sa.select(RoundOption).where(RoundOption.round_id == round_id)
    found = list(session.scalars(options.order_by(RoundOption.place)))
    if found and found[0].place is not None:
        return [_frozen(option) for option in found]
    taken = {option.topic_id for option in found}
    listed = lists.choosable(session)
    return [OnBallot(card.id, card.title, card.weeks, card.id in taken) for card in listed]


def why_not_opened(session: Session, round_id: int) -> str | None:
    """The name of the error that kept a draft from opening by itself, if that came last."""
    about = sa.select(AuditEntry).where(AuditEntry.subject == f"round:{round_id}")
    last = session.scalar(about.order_by(AuditEntry.id.desc()).limit(1))
    return str(last.details["reason"]) if last and last.action == "round.not_opened" else None


def waiting(session: Session) -> int:
    """How many topics could stand on a ballot."""
    listed = sa.select(sa.func.count()).where(Topic.status == "listed", Topic.hidden.is_(False))
    return session.scalar(listed) or 0


def _with_winner(wanted: Any) -> Any:
    mine = sa.and_(TopicText.topic_id == Topic.id, TopicText.language == language())
    return wanted.outerjoin(Topic, Topic.id == Round.winner_id).outerjoin(TopicText, mine)


def _round(
    session: Session, round_: Round, winner: Topic | None, translation: TopicText | None
) -> DeskRound:
    return DeskRound(
        id=round_.id,
        number=round_.number,
        question=words.by_language(round_.question),
        questions=round_.question,
        state=round_.state,
        scheduled=round_.scheduled,
        opens_at=round_.opens_at,
        closes_at=round_.closes_at,
        starts_on=round_.starts_on,
        late_joiners=round_.late_joiners,
        turnout=turnouts.of_round(session, round_) if round_.state != "draft" else NOBODY,
        winner=words.of_topic(winner, translation).title if winner else None,
    )


def _frozen(option: RoundOption) -> OnBallot:
    said = words.on_ballot(option.texts)
    return OnBallot(option.topic_id, said.title, option.texts["weeks"], chosen=True)
