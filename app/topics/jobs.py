"""Rounds open and close by themselves; readers hear when what they asked for is out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from app.accounts.models import Account
from app.core import jobs
from app.topics import closing, emails, opening
from app.topics.models import Topic, TopicFollow

MAILS_A_TRANSACTION = 100


@jobs.every(timedelta(minutes=5), "topics.rounds_sweep")
@jobs.handles("topics.rounds_due")
def rounds_due(work: jobs.Work, _payload: dict[str, Any]) -> None:
    """Close what has ended, then open what is due; each round once, however many workers try.

    Asked for at each round's instants; every five minutes besides, should one have been missed.
    """
    now = work.now
    with work.db.reading() as session:
        ended = closing.due(session, now=now)
    for round_id in ended:
        with work.db.transaction() as session:
            closing.close_due(session, round_id=round_id, now=now)
    with work.db.reading() as session:
        waiting = opening.due(session, now=now)
    for round_id in waiting:
        with work.db.transaction() as session:
            opening.open_due(session, round_id=round_id, now=now)


@jobs.handles("topics.story_out", is_long=True)
def story_out(work: jobs.Work, payload: dict[str, Any]) -> None:
    """Write to everyone who asked to hear of a topic, and to who suggested it.

    Killed in the middle it begins anew; nobody is written to twice.
    """
    topic_id = int(payload["topic"])
    last: int | None = 0
    with work.db.transaction() as session:
        emails.story_out_to_proposer(session, session.get_one(Topic, topic_id), now=work.now)
    while last is not None:
        last = _tell_some(work, topic_id, after=last)


def _tell_some(work: jobs.Work, topic_id: int, *, after: int) -> int | None:
    """Write to the next followers by account; gives the last one, None where there are no more."""
    followers = (
        sa.select(Account)
        .join(TopicFollow, TopicFollow.account_id == Account.id)
        .where(TopicFollow.topic_id == topic_id, Account.id > after)
        .order_by(Account.id)
        .limit(MAILS_A_TRANSACTION)
    )
    with work.db.transaction() as session:
        topic = session.get_one(Topic, topic_id)
        accounts = list(session.scalars(followers))
        for account in accounts:
            emails.story_out(session, topic, account, now=work.now)
    return accounts[-1].id if len(accounts) == MAILS_A_TRANSACTION else None
