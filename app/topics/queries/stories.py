"""The ledger of promises kept: every winner, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from statistics import median

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.i18n import language
from app.topics.models import Round, RoundOption, Topic, TopicStep, TopicText
from app.topics.queries import words


@dataclass(frozen=True, slots=True)
class Story:
    """The winner of a round, and its story or the reason why there is none yet."""

    round_id: int
    round_number: int
    closed_at: datetime
    topic_id: int
    title: str
    state: str
    """won, reporting, published, hold, declined"""
    days: int
    """from closing to the story, or to now"""
    url: str
    """of the story, or of the topic's own page until then"""
    text: str
    reporter: str | None
    marks: int
    ballots: int


@dataclass(frozen=True, slots=True)
class Totals:
    """The ledger in one line."""

    rounds: int
    published: int
    median_days: int | None


def winners(
    session: Session, limit: int, *, now: datetime | None = None, before: int | None = None
) -> list[Story]:
    """The winners of the newest rounds, or of those before a round's number, the newest first.

    Days of an unfinished story run to ``now``; without it, to the topic's last step.
    """
    earlier = [] if before is None else [Round.number < before]
    out = sa.select(sa.func.min(TopicStep.at)).where(
        TopicStep.topic_id == Topic.id,
        TopicStep.status == "published",
        TopicStep.at >= Round.closed_at,
    )
    rows = session.execute(
        sa.select(
            Round,
            Topic,
            TopicText,
            RoundOption.marks,
            out.correlate(Round, Topic).scalar_subquery().label("published_at"),
        )
        .join(Topic, Topic.id == Round.winner_id)
        .join(
            RoundOption,
            sa.and_(RoundOption.round_id == Round.id, RoundOption.topic_id == Topic.id),
        )
        .outerjoin(
            TopicText, sa.and_(TopicText.topic_id == Topic.id, TopicText.language == language())
        )
        .where(Round.state == "closed", *earlier)
        .order_by(Round.number.desc())
        .limit(limit)
    )
    return [_story(*row, now=now) for row in rows]


def totals(stories: list[Story]) -> Totals:
    """How many winners there are, how many became stories, and how fast the middle one was."""
    days = [story.days for story in stories if story.state == "published"]
    return Totals(len(stories), len(days), round(median(days)) if days else None)


def _story(
    round_: Round,
    topic: Topic,
    translation: TopicText | None,
    marks: int | None,
    published_at: datetime | None,
    *,
    now: datetime | None,
) -> Story:
    is_out = topic.status == "published" and published_at is not None
    until = published_at if is_out and published_at else (now or topic.status_at)
    return Story(
        round_id=round_.id,
        round_number=round_.number,
        closed_at=round_.closes_at,
        topic_id=topic.id,
        title=words.of_topic(topic, translation).title,
        state=topic.status,
        days=max(0, (until - round_.closes_at).days),
        url=(topic.story_url if is_out and topic.story_url else f"/topics/{topic.id}"),
        text=topic.public_note or "",
        reporter=topic.reporter,
        marks=marks or 0,
        ballots=(round_.counted or 0) + (round_.blank or 0),
    )
