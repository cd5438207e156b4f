"""A reader suggests a topic: nobody but staff sees it before an editor has read it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.db import insert_once
from app.topics import stepping
from app.topics.models import Topic, TopicStep


def propose(
    session: Session,
    *,
    title: str,
    text: str,
    language: str,
    form_key: str,
    now: datetime,
    account_id: int | None = None,
    email: str | None = None,
    name: str | None = None,
    article: str | None = None,
) -> int:
    """Keep a suggestion for the editors; the same form sent twice is one topic. Gives its id."""
    values = _row(title=title, text=text, language=language, status="received", now=now)
    values |= {
        "form_key": form_key,
        "proposer_id": account_id,
        "proposer_email": None if account_id else email,
        "proposer_name": name or None,
        "article": article or None,
    }
    topic_id, is_new = _keep(session, values)
    if is_new:
        session.add(TopicStep(topic_id=topic_id, status="received", at=now, actor_id=account_id))
        session.flush()
    return topic_id


def propose_by_newsroom(
    session: Session,
    *,
    title: str,
    text: str,
    language: str,
    form_key: str,
    now: datetime,
    actor_id: int,
) -> tuple[int, bool]:
    """Put a topic of the newsroom's own on the list at once; gives its id, and if it is new."""
    values = _row(title=title, text=text, language=language, status="listed", now=now)
    values |= {"by_newsroom": True, "form_key": form_key}
    topic_id, is_new = _keep(session, values)
    if is_new:
        topic = session.get_one(Topic, topic_id)
        stepping.reach(session, topic, "listed", now=now, actor_id=actor_id)
    return topic_id, is_new


def _keep(session: Session, values: dict[str, object]) -> tuple[int, bool]:
    """The topic of a form, and whether it was made just now."""
    is_new = insert_once(session, Topic, values) == 1
    mine = sa.select(Topic.id).where(Topic.form_key == values["form_key"])
    return session.scalars(mine).one(), is_new


def _row(*, title: str, text: str, language: str, status: str, now: datetime) -> dict[str, object]:
    return {
        "language": language,
        "title": title,
        "text": text,
        "original_title": title,
        "original_text": text,
        "by_newsroom": False,
        "hidden": False,
        "status": status,
        "created_at": now,
        "status_at": now,
    }
