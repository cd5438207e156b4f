"""A round before it opens: its question, dates and topics, and whether it opens by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import audit, jobs
from app.core.db import for_update
from app.core.errors import NotFound
from app.core.i18n import lazy_gettext as _l
from app.topics import guarding
from app.topics.errors import (
    AnotherIsOpen,
    NotListed,
    RoundNotDraft,
    TooFewTopics,
    TooManyTopics,
    WrongDates,
)
from app.topics.models import Round, RoundOption, Topic

FEWEST_TOPICS = 2
MOST_TOPICS = 20
LISTED = (Topic.status == "listed", Topic.hidden.is_(False))
audit.named(
    {
        "round.planned": _l("Round planned"),
        "round.changed": _l("Draft of a round changed"),
        "round.scheduled": _l("Round set to open by itself"),
        "round.unscheduled": _l("Round set not to open by itself"),
        "round.discarded": _l("Draft of a round thrown away"),
        "round.opened": _l("Round opened"),
        "round.not_opened": _l("Round could not open"),
        "round.extended": _l("Round given more time"),
        "round.closed": _l("Round closed and counted"),
    }
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What an editor decides about a round."""

    question: dict[str, str]
    """by language; at least one"""
    opens_at: datetime
    closes_at: datetime
    late_joiners: bool
    topics: Sequence[int]
    starts_on: date | None = None


def plan(
    session: Session, wanted: Plan, *, actor_id: int, now: datetime, form_key: str | None = None
) -> int:
    """Write a draft down, once for a form; gives its id.

    Raises WrongDates, TooManyTopics, NotListed.
    """
    guarding.alone(session.connection())  # two drafts at once take two numbers
    before = sa.select(Round.id).where(Round.form_key == form_key)
    if form_key is not None and (again := session.scalar(before)) is not None:
        return again
    _refuse_wrong(session, wanted)
    newest = session.scalar(sa.select(sa.func.max(Round.number)))
    round_ = Round(
        number=(newest or 0) + 1, method="approval", tie_break="suggested_first", state="draft",
        scheduled=False, form_key=form_key, **_columns(wanted),
    )  # fmt: skip
    session.add(round_)
    session.flush()
    _choose(session, round_.id, wanted.topics)
    record(session, "round.planned", round_.id, actor_id, now)
    return round_.id


def change(session: Session, round_id: int, wanted: Plan, *, actor_id: int, now: datetime) -> None:
    """Change a draft; one that was to open by itself has to be told so again.

    Raises NotFound, RoundNotDraft, WrongDates, TooManyTopics, NotListed.
    """
    round_ = draft(session, round_id)
    _refuse_wrong(session, wanted)
    for name, value in _columns(wanted).items():
        setattr(round_, name, value)
    round_.scheduled = False
    _choose(session, round_id, wanted.topics)
    record(session, "round.changed", round_id, actor_id, now)


def schedule(session: Session, *, round_id: int, actor_id: int, now: datetime) -> None:
    """Let a draft open by itself at its instant.

    Raises NotFound, RoundNotDraft, WrongDates, TooFewTopics, AnotherIsOpen (at that time).
    """
    guarding.alone(session.connection())  # two at once would each see no other
    round_ = draft(session, round_id)
    if round_.opens_at <= now:
        raise WrongDates()
    refuse_overlap(session, round_id, opens_at=round_.opens_at, closes_at=round_.closes_at)
    if len(votable(session, round_id)) < FEWEST_TOPICS:
        raise TooFewTopics()
    round_.scheduled = True
    session.flush()
    at(session, round_id, round_.opens_at, now=now)
    record(session, "round.scheduled", round_id, actor_id, now)


def unschedule(session: Session, *, round_id: int, actor_id: int, now: datetime) -> None:
    """Keep a draft from opening by itself. Raises NotFound, RoundNotDraft."""
    draft(session, round_id).scheduled = False
    session.flush()
    record(session, "round.unscheduled", round_id, actor_id, now)


def discard(session: Session, *, round_id: int, actor_id: int, now: datetime) -> None:
    """Throw a draft away, if it is still there. Raises RoundNotDraft."""
    try:
        round_ = draft(session, round_id)
    except NotFound:
        return
    session.execute(sa.delete(RoundOption).where(RoundOption.round_id == round_id))
    session.delete(round_)
    session.flush()
    record(session, "round.discarded", round_id, actor_id, now)


def at(session: Session, round_id: int, instant: datetime, *, now: datetime) -> None:
    """Ask for whatever is due with rounds to be done at an instant."""
    jobs.enqueue(
        session,
        "topics.rounds_due",
        now=now,
        run_at=instant,
        dedupe_key=f"rounds_due:{round_id}:{instant.timestamp():.0f}",
    )


def locked(session: Session, round_id: int) -> Round:
    """A round as it is now, its row locked. Raises NotFound."""
    wanted = for_update(sa.select(Round).where(Round.id == round_id))
    round_ = session.scalar(wanted.execution_options(populate_existing=True))
    if round_ is None:
        raise NotFound()
    return round_


def draft(session: Session, round_id: int) -> Round:
    """A round that may still be changed, its row locked. Raises NotFound, RoundNotDraft."""
    round_ = locked(session, round_id)
    if round_.state != "draft":
        raise RoundNotDraft()
    return round_


def votable(session: Session, round_id: int) -> list[Topic]:
    """The draft's topics that may stand on a ballot, the one suggested first in front; locked."""
    return list(
        session.scalars(
            sa.select(Topic)
            .join(RoundOption, RoundOption.topic_id == Topic.id)
            .where(RoundOption.round_id == round_id, *LISTED)
            .order_by(Topic.created_at, Topic.id)
            .with_for_update(of=Topic)
        )
    )


def refuse_overlap(
    session: Session, round_id: int, *, opens_at: datetime, closes_at: datetime
) -> None:
    """There is one round at a time: raises AnotherIsOpen where two would meet."""
    taken = sa.or_(Round.state == "open", Round.scheduled)
    meets = sa.and_(Round.opens_at < closes_at, Round.closes_at > opens_at)
    other = sa.select(Round.id).where(Round.id != round_id, taken, meets).limit(1)
    if session.scalar(other) is not None:
        raise AnotherIsOpen()


def record(
    session: Session,
    action: str,
    round_id: int,
    actor_id: int | None,
    now: datetime,
    **details: object,
) -> None:
    """Write down what was done to a round; no actor is the clock's own doing."""
    audit.record(
        session,
        actor_id=actor_id,
        action=action,
        subject=f"round:{round_id}",
        now=now,
        details=details,
    )


def _refuse_wrong(session: Session, wanted: Plan) -> None:
    if wanted.closes_at <= wanted.opens_at:
        raise WrongDates()
    if len(wanted.topics) > MOST_TOPICS:
        raise TooManyTopics()
    among = sa.select(sa.func.count()).where(Topic.id.in_(wanted.topics), *LISTED)
    if session.scalar(among) != len(set(wanted.topics)):
        raise NotListed()


def _columns(wanted: Plan) -> dict[str, object]:
    return {
        "question": {language: text for language, text in wanted.question.items() if text},
        "opens_at": wanted.opens_at,
        "closes_at": wanted.closes_at,
        "late_joiners": wanted.late_joiners,
        "starts_on": wanted.starts_on,
    }


def _choose(session: Session, round_id: int, topics: Sequence[int]) -> None:
    session.execute(sa.delete(RoundOption).where(RoundOption.round_id == round_id))
    session.add_all(
        RoundOption(round_id=round_id, topic_id=topic_id, texts={}) for topic_id in set(topics)
    )
    session.flush()
