"""What this room gives out of a person's data, and what it forgets when they are erased.

Ballots are in neither: while a round runs its page shows a voter their own, and after closing
nobody can say whose a ballot was.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts import erasing, exporting
from app.accounts.models import Account
from app.topics.models import RollEntry, Round, Topic, TopicFollow


def give(session: Session, account_id: int) -> dict[str, Any]:
    """Rounds this person could vote in, topics they follow and suggested, ready for JSON."""
    rounds = (
        sa.select(Round.number, RollEntry)
        .join(Round, Round.id == RollEntry.round_id)
        .where(RollEntry.account_id == account_id)
        .order_by(Round.number)
    )
    follows = (
        sa.select(Topic.title, TopicFollow.created_at)
        .join(Topic, Topic.id == TopicFollow.topic_id)
        .where(TopicFollow.account_id == account_id)
        .order_by(TopicFollow.created_at, Topic.id)
    )
    account = session.get_one(Account, account_id)
    mine = sa.select(Topic).where(_suggested_by(account)).order_by(Topic.id)
    return {
        "rounds": [_round(number, entry) for number, entry in session.execute(rounds)],
        "follows": [
            {"topic": title, "since": since.isoformat()}
            for title, since in session.execute(follows)
        ],
        "suggestions": [_suggestion(topic) for topic in session.scalars(mine)],
    }


def forget(session: Session, account: Account, _now: datetime) -> None:
    """Take name and address off what they suggested, and what they wanted to hear of.

    The topics themselves stay, and so does that somebody took part in a round.
    """
    nobody = {"proposer_email": None, "proposer_name": None}
    session.execute(sa.update(Topic).where(_suggested_by(account)).values(nobody))
    session.execute(sa.delete(TopicFollow).where(TopicFollow.account_id == account.id))


exporting.on_export["voting"] = give
erasing.on_erase.append(forget)


def _suggested_by(account: Account) -> sa.ColumnElement[bool]:
    """Signed in, or by this address before they were known."""
    by_mail = sa.func.lower(Topic.proposer_email) == (account.email or "").lower()
    return sa.or_(Topic.proposer_id == account.id, by_mail)


def _round(number: int, entry: RollEntry) -> dict[str, Any]:
    return {
        "round": number,
        "on_the_roll_since": entry.added_at.isoformat(),
        "taken_off_at": entry.removed_at and entry.removed_at.isoformat(),
        "took_part": entry.voted,
    }


def _suggestion(topic: Topic) -> dict[str, Any]:
    return {
        "title": topic.original_title,
        "text": topic.original_text,
        "sent_at": topic.created_at.isoformat(),
        "status": topic.status,
    }
