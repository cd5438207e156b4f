"""A topic reaches a status: the row, and the dated step that readers see."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.topics.models import Topic, TopicStep


def reach(
    session: Session,
    topic: Topic,
    status: str,
    *,
    now: datetime,
    actor_id: int | None = None,
    note: str | None = None,
) -> int:
    """Move a topic to a status, whatever was before; gives the step's id.

    Who may do that is the callers' rule.
    """
    topic.status = status
    topic.status_at = now
    topic.public_note = note
    step = TopicStep(topic_id=topic.id, status=status, note=note, at=now, actor_id=actor_id)
    session.add(step)
    session.flush()
    return step.id
