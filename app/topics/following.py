"""Asking to be written to when a topic becomes a story, and taking that back."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.db import insert_once
from app.core.errors import NotFound
from app.topics.models import UNPUBLISHED, Topic, TopicFollow


def follow(session: Session, *, topic_id: int, account_id: int, now: datetime) -> None:
    """Write to this person when the topic is a story; asking twice changes nothing.

    Raises NotFound for a topic that readers cannot see.
    """
    topic = session.get(Topic, topic_id)
    if topic is None or topic.hidden or topic.status in UNPUBLISHED:
        raise NotFound()
    row = {"account_id": account_id, "topic_id": topic_id, "created_at": now}
    insert_once(session, TopicFollow, row)


def unfollow(session: Session, *, topic_id: int, account_id: int) -> None:
    """Do not write to this person about the topic."""
    mine = (TopicFollow.account_id == account_id, TopicFollow.topic_id == topic_id)
    session.execute(sa.delete(TopicFollow).where(*mine))


def outlive(session: Session, *, round_id: int) -> None:
    """Let what was asked for on a round's ballots stay, and nothing say that it was on a ballot."""
    asked = sa.update(TopicFollow).where(TopicFollow.round_id == round_id)
    session.execute(asked.values(round_id=None))
