"""What topics have to say on the pages of membership, which knows none of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import i18n
from app.core.i18n import gettext as _
from app.membership import teasers
from app.topics import queries
from app.topics.models import TopicFollow

SOON = timedelta(days=7)
NEWEST_ROUNDS = 12


def round_now(session: Session, language: str, now: datetime) -> dict[str, Any] | None:
    """The round that is open, in a language, as the pages around paying name it."""
    with i18n.speaking(language):
        found = queries.open_round(session)
    if found is None:
        return None
    return {
        "id": found.id,
        "number": found.number,
        "question": found.question,
        "closes_at": found.closes_at,
        "soon": found.closes_at - now <= SOON,
        "voted": found.voted,
        "roll": found.roll,
        "topics": [{"title": topic.title} for topic in found.topics],
    }


def on_account(session: Session, account_id: int, language: str, now: datetime) -> dict[str, Any]:
    """The open round with this person's place in it, and the topics of theirs that won."""
    told: dict[str, Any] = {"round": round_now(session, language, now)}
    if told["round"] is not None:
        state = queries.roll_state(session, told["round"]["id"], account_id)
        told |= {"voted": state.standing == "voted", "may_vote": state.may_vote}
    return told | {"did": _did(session, account_id, now)}


def _did(session: Session, account_id: int, now: datetime) -> list[dict[str, Any]]:
    """What a person asked to hear of, and what became of it; votes themselves are nobody's."""
    mine = sa.select(TopicFollow.topic_id).where(TopicFollow.account_id == account_id)
    followed = set(session.scalars(mine))
    if not followed:
        return []
    labels = {
        "published": _("You followed it. It won, and the story is out"),
        "reporting": _("You followed it. It won, and we are on it"),
    }
    return [
        {
            "label": labels.get(story.state, _("You followed it, and it won")),
            "title": story.title,
            "url": story.url,
            "text": story.text,
        }
        for story in queries.winners(session, NEWEST_ROUNDS, now=now)
        if story.topic_id in followed
    ]


teasers.open_round.append(round_now)
teasers.on_account.append(on_account)
