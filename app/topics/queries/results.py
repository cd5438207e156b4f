"""What came of a round, after its closing and not before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.i18n import percent
from app.topics.models import Round, RoundOption, Topic, TopicStep
from app.topics.queries import words


@dataclass(frozen=True, slots=True)
class OptionResult:
    """How one topic fared."""

    id: int
    title: str
    language: str
    marks: int
    share: str
    """of all ballots, for people: "61.2 %" """
    width: float
    """the same in per cent, for a bar"""
    winner: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A dated step of the reporting."""

    status: str
    note: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Winner:
    """The chosen topic, and where its story stands."""

    id: int
    title: str
    status: str
    reporter: str | None
    story_url: str | None
    reporting_since: datetime | None


@dataclass(frozen=True, slots=True)
class Result:
    """A closed round, counted."""

    ballots: int
    counted: int
    blank: int
    first_time: int
    tie_broken: bool
    chain_end: str
    results: Sequence[OptionResult]
    """most marks first, among equals the one suggested first"""
    winner: Winner | None
    steps: Sequence[Step]
    """what was said of the winner since the round closed, oldest first"""


def result(session: Session, round_id: int) -> Result | None:
    """The result of a round; None before it closed, whoever asks."""
    round_ = session.get(Round, round_id)
    if round_ is None or round_.state != "closed":
        return None
    ballots = (round_.counted or 0) + (round_.blank or 0)
    winner = session.get(Topic, round_.winner_id) if round_.winner_id else None
    steps = _steps(session, winner.id, round_.closed_at) if winner else []
    options = _options(session, round_, ballots)
    title = next((option.title for option in options if option.winner), "")
    return Result(
        ballots=ballots,
        counted=round_.counted or 0,
        blank=round_.blank or 0,
        first_time=round_.first_time or 0,
        tie_broken=round_.tie_broken,
        chain_end=round_.chain_end or "",
        results=options,
        winner=_winner(winner, title, steps) if winner else None,
        steps=[step for step in steps if step.note],
    )


def published(session: Session, round_id: int) -> dict[str, object] | None:
    """The result as the recount script compares it; None before the round closed.

    ``titles`` and ``marks`` are by "topic-<id>", in the order that breaks a tie.
    """
    found = result(session, round_id)
    if found is None:
        return None
    places = sa.select(RoundOption.topic_id).where(RoundOption.round_id == round_id)
    order = list(session.scalars(places.order_by(RoundOption.place)))
    by_topic = {option.id: option for option in found.results}
    return {
        "ballots": found.ballots,
        "blank": found.blank,
        "marks": {f"topic-{topic}": by_topic[topic].marks for topic in order},
        "winner": f"topic-{found.winner.id}" if found.winner else "",
        "chain_end": found.chain_end,
        "titles": {f"topic-{topic}": by_topic[topic].title for topic in order},
    }


def _options(session: Session, round_: Round, ballots: int) -> list[OptionResult]:
    options = sa.select(RoundOption).where(RoundOption.round_id == round_.id)
    best_first = options.order_by(RoundOption.marks.desc(), RoundOption.place)
    results = []
    for option in session.scalars(best_first):
        said = words.on_ballot(option.texts)
        marks = option.marks or 0
        results.append(
            OptionResult(
                id=option.topic_id,
                title=said.title,
                language=said.language,
                marks=marks,
                share=percent(marks, ballots),
                width=round(100 * marks / ballots, 1) if ballots else 0,
                winner=option.topic_id == round_.winner_id,
            )
        )
    return results


def _winner(topic: Topic, title: str, steps: Sequence[Step]) -> Winner:
    began = [step.at for step in steps if step.status == "reporting"]
    return Winner(
        id=topic.id,
        title=title,
        status=topic.status,
        reporter=topic.reporter,
        story_url=topic.story_url,
        reporting_since=began[0] if began and topic.status == "reporting" else None,
    )


def _steps(session: Session, topic_id: int, since: datetime | None) -> list[Step]:
    steps = sa.select(TopicStep).where(TopicStep.topic_id == topic_id, TopicStep.at >= since)
    return [Step(s.status, s.note, s.at) for s in session.scalars(steps.order_by(TopicStep.id))]
