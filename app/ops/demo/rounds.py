"""The demo's topics and votes: suggested, opened, voted in and closed by the rooms' own verbs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts import people
from app.core.db import Database
from app.ops.demo.lives import DAYS, Life
from app.ops.demo.stories import PAST, QUESTION, RUNNING, WAITING, Idea, Vote
from app.topics import moderating, opening, planning, proposing, voting
from app.topics.models import RollEntry
from app.topics.moderating import Wording

SUGGESTED_BEFORE = 12  # days before a round opens
OPENS, CLOSES = 10, 20  # o'clock
VOTE_SHARE = 0.92  # of those who vote at all, how many had by the time the demo is seen


@dataclass
class Played:
    """One round as far as it has been played."""

    vote: Vote
    opens: datetime
    closes: datetime
    topics: list[int] = field(default_factory=list)
    round_id: int = 0
    to_come: list[tuple[int, int, list[int]]] = field(default_factory=list)


def schedule(end: datetime, zone: str) -> list[Played]:
    """All rounds with their dates; the running one closes on a Sunday at 20:00."""
    played = []
    for vote in (*PAST, RUNNING):
        opens = _at(end - timedelta(days=vote.opened_days_ago), OPENS, zone)
        closes = _at(opens + timedelta(days=vote.days_open), CLOSES, zone)
        if vote is RUNNING:
            closes = _next_sunday(end + timedelta(days=2), zone)
        played.append(Played(vote, opens, closes))
    return played


def day_of(moment: datetime, start: datetime) -> int:
    return (moment - start).days


def suggest(db: Database, played: Played, *, editor: int, now: datetime) -> None:
    """Readers suggest the topics of a round, and an editor puts them on the list."""
    for number, idea in enumerate(played.vote.ideas):
        with db.transaction() as session:
            key = f"demo:{played.vote.opened_days_ago}:{number}"
            topic_id = _propose(session, idea, key=key, editor=editor, now=now)
            played.topics.append(topic_id)


def suggest_more(db: Database, *, now: datetime) -> None:
    """What came in lately and waits for an editor."""
    for number, (title, text, name) in enumerate(WAITING):
        with db.transaction() as session:
            proposing.propose(
                session, title=title, text=text, language="en", form_key=f"demo:waiting:{number}",
                now=now, email=f"reader{number}@example.org", name=name,
            )  # fmt: skip


def open_round(db: Database, played: Played, *, editor: int, now: datetime) -> None:
    """Plan the round, and open it at its hour."""
    with db.transaction() as session:
        wanted = planning.Plan(
            question=QUESTION,
            opens_at=played.opens,
            closes_at=played.closes,
            late_joiners=True,
            topics=played.topics,
            starts_on=(played.closes + timedelta(days=2)).date(),
        )
        played.round_id = planning.plan(session, wanted, actor_id=editor, now=now)
    with db.transaction() as session:
        opening.open_now(session, round_id=played.round_id, actor_id=editor, now=now)


def plan_ballots(
    db: Database, played: Played, *, random: Random, lives: dict[int, Life], start: datetime
) -> None:
    """Decide who will vote on which day and for what; ``lives`` is by account."""
    with db.reading() as session:
        on_roll = sa.select(RollEntry.account_id).where(RollEntry.round_id == played.round_id)
        accounts = list(session.scalars(on_roll.order_by(RollEntry.account_id)))
    first = day_of(played.opens, start)
    last = min(day_of(played.closes, start), DAYS - 1)
    pulls = dict(zip(played.topics, (idea.pull for idea in played.vote.ideas), strict=True))
    for account_id in accounts:
        life = lives.get(account_id)
        if life is None or random.random() > life.votes:
            continue
        if played.vote is RUNNING and random.random() > VOTE_SHARE * 0.72:
            continue
        marks = [topic for topic, pull in pulls.items() if random.random() < pull]
        played.to_come.append((random.randint(first, last), account_id, marks))
    played.to_come.sort()


def cast_day(db: Database, played: Played, *, day: int, now: datetime) -> None:
    """The ballots of one day."""
    if not played.opens <= now < played.closes:
        return
    while played.to_come and played.to_come[0][0] <= day:
        _, account_id, marks = played.to_come.pop(0)
        with db.transaction() as session:
            voting.cast(
                session.connection(), round_id=played.round_id, account_id=account_id,
                choices=marks, wants_mail=len(marks) == 1, now=now,
            )  # fmt: skip


def follow_up(
    db: Database, played: Played, *, winner: int, step: tuple[str, str], editor: int, now: datetime
) -> None:
    """The newsroom reports what won, and says so."""
    status, note = step
    with db.transaction() as session:
        moderating.move(
            session, topic_id=winner, to=status, actor_id=editor, now=now, note=note,
            story_url="https://ledger.example/stories/" if status == "published" else None,
            reporter=played.vote.reporter,
        )  # fmt: skip


def _propose(session: Session, idea: Idea, *, key: str, editor: int, now: datetime) -> int:
    if idea.proposer == "":
        topic_id = moderating.add(
            session, title=idea.title, text=idea.text, language="en", form_key=key, now=now,
            actor_id=editor,
        )  # fmt: skip
    else:
        person = people.find_or_create(
            session, email=f"{key.replace(':', '-')}@example.org", language="en", now=now
        )
        topic_id = proposing.propose(
            session, title=idea.title, text=idea.text, language="en", form_key=key, now=now,
            account_id=person.id, name=idea.proposer,
        )  # fmt: skip
        moderating.move(session, topic_id=topic_id, to="listed", actor_id=editor, now=now)
    words = {"en": Wording(idea.title, idea.text), "uk": Wording(idea.title_uk, idea.text_uk)}
    moderating.edit(
        session, topic_id=topic_id, words=words, weeks=idea.weeks,
        proposer_name=idea.proposer or None, actor_id=editor, now=now,
    )  # fmt: skip
    return topic_id


def _at(moment: datetime, hour: int, zone: str) -> datetime:
    local = moment.astimezone(ZoneInfo(zone))
    return local.replace(hour=hour, minute=0, second=0, microsecond=0).astimezone(moment.tzinfo)


def _next_sunday(moment: datetime, zone: str) -> datetime:
    local = moment.astimezone(ZoneInfo(zone))
    return _at(moment + timedelta(days=(6 - local.weekday()) % 7), CLOSES, zone)
