"""Topics as readers and editors list and read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.i18n import language
from app.core.pagination import Cursor, Page, page_by_id
from app.topics.models import (
    UNPUBLISHED,
    Round,
    RoundOption,
    Topic,
    TopicFollow,
    TopicStep,
    TopicText,
)
from app.topics.queries import words

READERS_PAGE = 20
DESK_PAGE = 50


@dataclass(frozen=True, slots=True)
class TopicCard:
    """A topic in the reader's language."""

    id: int
    title: str
    text: str
    language: str
    foreign: bool
    by_newsroom: bool
    proposer_name: str | None
    weeks: int | None
    status: str
    public_note: str | None
    story_url: str | None
    created_at: datetime
    status_at: datetime
    hidden: bool

    @property
    def reason(self) -> str:
        return self.public_note or ""


@dataclass(frozen=True, slots=True)
class TopicPage:
    """A topic, its dated steps, and the newest round it is or was in."""

    topic: TopicCard
    steps: Sequence[TopicStep]
    round: Any | None
    """.id .number .state"""
    following: bool
    original: words.Words | None
    """what the reader wrote, where an editor put it otherwise"""


def waiting(session: Session, cursor: Cursor) -> Page[TopicCard]:
    """The topics that wait for a round, newest first."""
    page = page_by_id(
        session,
        _cards().where(Topic.status == "listed", Topic.hidden.is_(False)),
        key=Topic.id,
        cursor=cursor,
        size=READERS_PAGE,
        key_of=lambda row: int(row.Topic.id),
    )
    return _as_cards(page)


def declined(session: Session, *, most: int = 6) -> list[TopicCard]:
    """The latest topics that were not taken, with the reasons."""
    wanted = _cards().where(Topic.status == "declined", Topic.hidden.is_(False))
    rows = session.execute(wanted.order_by(Topic.status_at.desc(), Topic.id.desc()).limit(most))
    return [_card(*row) for row in rows]


def for_desk(session: Session, status: str | None, cursor: Cursor) -> Page[TopicCard]:
    """All topics for the editors, newest first, or those of one status."""
    wanted = _cards()
    if status:
        wanted = wanted.where(Topic.status == status)
    page = page_by_id(
        session,
        wanted,
        key=Topic.id,
        cursor=cursor,
        size=DESK_PAGE,
        key_of=lambda row: int(row.Topic.id),
    )
    return _as_cards(page)


def by_status(session: Session) -> dict[str, int]:
    """How many topics stand where."""
    counts = sa.select(Topic.status, sa.func.count()).group_by(Topic.status)
    return {row[0]: row[1] for row in session.execute(counts)}


def choosable(session: Session) -> list[TopicCard]:
    """The topics an editor may put on a ballot, oldest first."""
    wanted = _cards().where(Topic.status == "listed", Topic.hidden.is_(False))
    return [_card(*row) for row in session.execute(wanted.order_by(Topic.id))]


def topic_page(
    session: Session, topic_id: int, *, account_id: int | None, sees_all: bool = False
) -> TopicPage | None:
    """A topic's own page; None where this person may not see it.

    What no editor has read yet is seen by its proposer and by ``sees_all``; what is hidden only
    by the latter.
    """
    row = session.execute(_cards().where(Topic.id == topic_id)).first()
    if row is None or not (sees_all or _may_see(row.Topic, account_id)):
        return None
    steps = sa.select(TopicStep).where(TopicStep.topic_id == topic_id).order_by(TopicStep.id)
    follows = account_id and session.get(TopicFollow, (account_id, topic_id)) is not None
    topic = row.Topic
    was_edited = (topic.original_title, topic.original_text) != (topic.title, topic.text)
    original = words.Words(topic.original_title, topic.original_text, topic.language)
    return TopicPage(
        topic=_card(*row),
        steps=list(session.scalars(steps)),
        round=_newest_round(session, topic_id),
        following=bool(follows),
        original=original if was_edited else None,
    )


def all_words(session: Session, topic_id: int) -> dict[str, words.Words]:
    """A topic's words by language, as the editors' form shows them."""
    topic = session.get_one(Topic, topic_id)
    found = {topic.language: words.Words(topic.title, topic.text, topic.language)}
    others = sa.select(TopicText).where(TopicText.topic_id == topic_id)
    for other in session.scalars(others):
        found[other.language] = words.Words(other.title, other.text, other.language)
    return found


def _cards() -> Any:
    mine = sa.and_(TopicText.topic_id == Topic.id, TopicText.language == language())
    return sa.select(Topic, TopicText).outerjoin(TopicText, mine)


def _as_cards(page: Page[Any]) -> Page[TopicCard]:
    return Page(rows=[_card(*row) for row in page.rows], after=page.after, before=page.before)


def _card(topic: Topic, translation: TopicText | None) -> TopicCard:
    said = words.of_topic(topic, translation)
    return TopicCard(
        id=topic.id,
        title=said.title,
        text=said.text,
        language=said.language,
        foreign=said.foreign,
        by_newsroom=topic.by_newsroom,
        proposer_name=topic.proposer_name,
        weeks=topic.weeks,
        status=topic.status,
        public_note=topic.public_note,
        story_url=topic.story_url,
        created_at=topic.created_at,
        status_at=topic.status_at,
        hidden=topic.hidden,
    )


def _may_see(topic: Topic, account_id: int | None) -> bool:
    if topic.hidden:
        return False
    is_proposer = account_id is not None and topic.proposer_id == account_id
    return topic.status not in UNPUBLISHED or is_proposer


def _newest_round(session: Session, topic_id: int) -> Any | None:
    return session.execute(
        sa.select(Round.id, Round.number, Round.state)
        .join(RoundOption, RoundOption.round_id == Round.id)
        .where(RoundOption.topic_id == topic_id, Round.state != "draft")
        .order_by(Round.number.desc())
        .limit(1)
    ).first()
