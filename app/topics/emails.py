"""The mails of topics, one function each: to who asked for them, and to who suggested."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.core.forms import email_key
from app.mail import outbox
from app.topics.models import Topic, TopicFollow, TopicText


def story_out(session: Session, topic: Topic, account: Account, *, now: datetime) -> bool:
    """Tell a person who asked for it that a topic became a story; once, however often called."""
    if account.email is None or account.suspended_at is not None:
        return False
    return _out(
        session, topic, to=account.email, language=account.language, asked=True,
        key=str(account.id), now=now,
    )  # fmt: skip


def story_out_to_proposer(session: Session, topic: Topic, *, now: datetime) -> bool:
    """Tell who suggested a topic that it became a story, unless they are told as a follower."""
    proposer = _proposer(session, topic)
    if isinstance(proposer, Account):
        if session.get(TopicFollow, (proposer.id, topic.id)) is not None or not proposer.email:
            return False
        to, language, key = proposer.email, proposer.language, str(proposer.id)
    elif proposer is None:
        return False
    else:
        to, language, key = proposer, topic.language, "proposer"
    return _out(session, topic, to=to, language=language, asked=False, key=key, now=now)


def declined(session: Session, topic: Topic, *, step_id: int, now: datetime) -> bool:
    """Tell who suggested a topic why it was not taken."""
    proposer = _proposer(session, topic)
    to = proposer.email if isinstance(proposer, Account) else proposer
    if to is None:
        return False
    return outbox.put(
        session,
        to=to,
        language=proposer.language if isinstance(proposer, Account) else topic.language,
        template="topic-declined",
        context={
            "title": topic.original_title,
            "reason": topic.public_note,
            "topic_url": _page(session, topic),
        },
        kind="topic_declined",
        dedupe_key=f"topic_declined:{step_id}",
        now=now,
    )


def _out(
    session: Session,
    topic: Topic,
    *,
    to: str,
    language: str,
    asked: bool,
    key: str,
    now: datetime,
) -> bool:
    translation = session.get(TopicText, (topic.id, language))
    return outbox.put(
        session,
        to=to,
        language=language,
        template="topic-out",
        context={
            "title": translation.title if translation else topic.title,
            "note": topic.public_note,
            "story_url": topic.story_url,
            "topic_url": _page(session, topic),
            "asked": asked,
        },
        kind="story_out",
        dedupe_key=f"story_out:{topic.id}:{key}",
        now=now,
    )


def _proposer(session: Session, topic: Topic) -> Account | str | None:
    """The account behind a suggestion, also where it was made without one; else the address."""
    if topic.proposer_id is not None:
        return session.get(Account, topic.proposer_id)
    if topic.proposer_email is None:
        return None
    same = Account.email_key == email_key(topic.proposer_email)
    return session.scalar(sa.select(Account).where(same)) or topic.proposer_email


def _page(session: Session, topic: Topic) -> str:
    return f"{outbox.site_url(session)}/topics/{topic.id}"
