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
    if insert_once(session, TopicFollow, row) == 0:
        _no_ballots(session, TopicFollow.account_id == account_id, TopicFollow.topic_id == topic_id)


def unfollow(session: Session, *, topic_id: int, account_id: int) -> None:
    """Do not write to this person about the topic."""
    mine = (TopicFollow.account_id == account_id, TopicFollow.topic_id == topic_id)
    session.execute(sa.delete(TopicFollow).where(*mine))


def outlive(session: Session, *, round_id: int) -> None:
    """Let what was asked for on a round's ballots stay, and nothing say that it was on a ballot."""
    _no_ballots(session, TopicFollow.round_id == round_id)


def _no_ballots(session: Session, *which: sa.ColumnElement[bool]) -> None:
    """Let these wishes stand by themselves, whatever becomes of a ballot."""
    session.execute(sa.update(TopicFollow).where(*which).values(round_id=None))
