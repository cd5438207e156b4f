"""Editors read what was suggested, put it into words, and say in public where it stands.

Every act is on the audit log. What the reader wrote is kept beside every edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import audit, jobs
from app.core.db import for_update
from app.core.errors import NotFound
from app.core.i18n import lazy_gettext as _l
from app.topics import emails, proposing, stepping
from app.topics.errors import ReasonMissing, WrongStatus
from app.topics.models import Round, RoundOption, Topic, TopicText

# Where a topic may be moved by hand. A ballot's topics are moved by their round alone.
STEPS: dict[str, tuple[str, ...]] = {
    "received": ("listed", "hold", "declined"),
    "listed": ("hold", "declined"),
    "hold": ("listed", "declined"),
    "declined": ("listed",),
    "on_ballot": (),
    "won": ("reporting", "published", "hold", "declined"),
    "reporting": ("reporting", "published", "hold", "declined"),
    "published": ("published", "reporting"),
}
AFTER_WINNING = ("reporting", "published", "declined")
SAYS_WHY = ("declined", "hold")
audit.named(
    {
        "topic.moved": _l("Topic moved on"),
        "topic.edited": _l("Topic put into words"),
        "topic.added": _l("Topic of the newsroom added"),
        "topic.hidden": _l("Topic hidden"),
        "topic.shown": _l("Topic shown again"),
    }
)


@dataclass(frozen=True, slots=True)
class Wording:
    """A topic in one language."""

    title: str
    text: str


def open_to(session: Session, topic: Topic) -> tuple[str, ...]:
    """The statuses this topic may be moved to by hand."""
    if topic.hidden:
        return ()
    won = topic.status in {"hold", "declined"} and _has_won(session, topic.id)
    return AFTER_WINNING if won else STEPS[topic.status]


def move(
    session: Session,
    *,
    topic_id: int,
    to: str,
    actor_id: int,
    now: datetime,
    note: str = "",
    story_url: str | None = None,
    reporter: str | None = None,
) -> bool:
    """Move a topic to a status, with what readers are told.

    A decline and a hold need a note, a publication the story's address.
    False where it stands there already, with the same words: it was sent twice.
    Raises NotFound, WrongStatus, ReasonMissing.
    """
    topic = _locked(session, topic_id)
    if _stands(topic, to, note, story_url, reporter):
        return False
    if to not in open_to(session, topic):
        raise WrongStatus()
    if (to in SAYS_WHY and not note) or (to == "published" and not story_url):
        raise ReasonMissing()
    before = topic.status
    if to == "published":
        topic.story_url = story_url
    topic.reporter = reporter or topic.reporter
    step_id = stepping.reach(session, topic, to, now=now, actor_id=actor_id, note=note or None)
    _record(session, "topic.moved", topic_id, actor_id, now, {"from": before, "to": to})
    if to == "declined" and not _has_won(session, topic_id):
        emails.declined(session, topic, step_id=step_id, now=now)
    if to == "published" and before != "published":
        _tell_voters(session, topic_id, now)
    return True


def edit(
    session: Session,
    *,
    topic_id: int,
    words: Mapping[str, Wording],
    weeks: int | None,
    proposer_name: str | None,
    actor_id: int,
    now: datetime,
) -> None:
    """Put a topic into words, by language; a language left empty is taken away.

    The topic's own language must be among them. A running ballot keeps the words it opened with.
    """
    topic = _locked(session, topic_id)
    own = words[topic.language]
    topic.title, topic.text = own.title, own.text
    topic.weeks, topic.proposer_name = weeks, proposer_name or None
    session.execute(sa.delete(TopicText).where(TopicText.topic_id == topic_id))
    session.add_all(
        TopicText(topic_id=topic_id, language=language, title=word.title, text=word.text)
        for language, word in words.items()
        if language != topic.language and word.title
    )
    session.flush()
    _record(session, "topic.edited", topic_id, actor_id, now, {})


def add(
    session: Session,
    *,
    title: str,
    text: str,
    language: str,
    form_key: str,
    actor_id: int,
    now: datetime,
) -> int:
    """Put a topic of the newsroom's own on the list, once for a form; gives its id."""
    topic_id, is_new = proposing.propose_by_newsroom(
        session, title=title, text=text, language=language, form_key=form_key, now=now,
        actor_id=actor_id,
    )  # fmt: skip
    if is_new:
        _record(session, "topic.added", topic_id, actor_id, now, {})
    return topic_id


def hide(session: Session, *, topic_id: int, hidden: bool, actor_id: int, now: datetime) -> None:
    """Take spam or harm off every page, or bring it back; what stood on a ballot stays.

    Raises NotFound, WrongStatus.
    """
    topic = _locked(session, topic_id)
    if _was_on_ballot(session, topic_id):
        raise WrongStatus()
    topic.hidden = hidden
    session.flush()
    _record(session, "topic.hidden" if hidden else "topic.shown", topic_id, actor_id, now, {})


def _locked(session: Session, topic_id: int) -> Topic:
    topic = session.scalar(for_update(sa.select(Topic).where(Topic.id == topic_id)))
    if topic is None:
        raise NotFound()
    return topic


def _stands(topic: Topic, to: str, note: str, story_url: str | None, reporter: str | None) -> bool:
    """Whether all this is so already."""
    so = (topic.status, topic.public_note or "", topic.story_url, topic.reporter)
    return so == (to, note, story_url or topic.story_url, reporter or topic.reporter)


def _tell_voters(session: Session, topic_id: int, now: datetime) -> None:
    """Have those written to who asked to hear when it becomes a story."""
    jobs.enqueue(
        session,
        "topics.story_out",
        now=now,
        payload={"topic": topic_id},
        dedupe_key=f"story_out:{topic_id}",
    )


def _has_won(session: Session, topic_id: int) -> bool:
    return session.scalar(sa.select(Round.id).where(Round.winner_id == topic_id)) is not None


def _was_on_ballot(session: Session, topic_id: int) -> bool:
    on_ballot = (
        sa.select(RoundOption.id)
        .join(Round, Round.id == RoundOption.round_id)
        .where(RoundOption.topic_id == topic_id, Round.state != "draft")
        .limit(1)
    )
    return session.scalar(on_ballot) is not None


def _record(
    session: Session,
    action: str,
    topic_id: int,
    actor_id: int,
    now: datetime,
    details: dict[str, object],
) -> None:
    audit.record(
        session,
        actor_id=actor_id,
        action=action,
        subject=f"topic:{topic_id}",
        now=now,
        details=details,
    )
