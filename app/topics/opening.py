"""Opening a round: what is voted on, who votes and by which rule stand still from here on.

It happens once, by hand or by itself at the instant, however many workers try.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from app.core.errors import AppError
from app.newsroom import queries as newsroom
from app.topics import enrolling, guarding, planning, stepping
from app.topics.errors import AnotherIsOpen, TooFewTopics, WrongDates
from app.topics.models import Round, RoundOption, Topic, TopicText

log = structlog.get_logger()


def open_now(session: Session, *, round_id: int, actor_id: int, now: datetime) -> bool:
    """Open a draft at once, whenever it was planned for; False where it is open already.

    Raises NotFound, RoundNotDraft, WrongDates, TooFewTopics, AnotherIsOpen.
    """
    guarding.alone(session.connection())
    if planning.locked(session, round_id).state == "open":
        return False
    round_ = planning.draft(session, round_id)
    round_.opens_at = now
    _open(session, round_, actor_id=actor_id, now=now)
    return True


def open_due(session: Session, *, round_id: int, now: datetime) -> None:
    """Open a scheduled draft whose time has come; anything else is left alone.

    A draft that cannot open stays one, and the audit log says why.
    """
    guarding.alone(session.connection())
    round_ = planning.locked(session, round_id)
    if round_.state != "draft" or not round_.scheduled or round_.opens_at > now:
        return
    try:
        with session.begin_nested():
            _open(session, round_, actor_id=None, now=now)
    except AppError as error:
        reason = type(error).__name__
        log.error("a scheduled round did not open", round=round_id, reason=reason)
        round_.scheduled = False
        planning.record(session, "round.not_opened", round_id, None, now, reason=reason)


def due(session: Session, *, now: datetime) -> list[int]:
    """The scheduled drafts whose time has come, the earliest first."""
    waiting = sa.select(Round.id).where(Round.scheduled, Round.opens_at <= now)
    return list(session.scalars(waiting.order_by(Round.opens_at, Round.id)))


def _open(session: Session, round_: Round, *, actor_id: int | None, now: datetime) -> None:
    if round_.closes_at <= now:
        raise WrongDates()
    if session.scalar(sa.select(Round.id).where(Round.state == "open")) is not None:
        raise AnotherIsOpen()
    planning.refuse_overlap(session, round_.id, opens_at=now, closes_at=round_.closes_at)
    topics = _freeze_options(session, round_.id)
    round_.rule = _rule(session)
    round_.roll_frozen = enrolling.freeze(session, round_id=round_.id, now=now)
    round_.state, round_.scheduled, round_.opened_at = "open", False, now
    for topic in topics:
        stepping.reach(session, topic, "on_ballot", now=now, actor_id=actor_id)
    planning.at(session, round_.id, round_.closes_at, now=now)
    planning.record(session, "round.opened", round_.id, actor_id, now)


def _freeze_options(session: Session, round_id: int) -> list[Topic]:
    """Put the topics' words on the ballot as they are now; what is not listed any more leaves."""
    topics = planning.votable(session, round_id)
    if len(topics) < planning.FEWEST_TOPICS:
        raise TooFewTopics()
    words = _words(session, topics)
    chosen = sa.select(RoundOption).where(RoundOption.round_id == round_id)
    options = {option.topic_id: option for option in session.scalars(chosen)}
    for place, topic in enumerate(topics, 1):
        option = options.pop(topic.id)
        option.place, option.texts = place, words[topic.id]
    for left_over in options.values():
        session.delete(left_over)
    session.flush()
    return topics


def _words(session: Session, topics: list[Topic]) -> dict[int, dict[str, object]]:
    """What a ballot shows of each topic: its words by language, which is the original, weeks."""
    words: dict[int, dict[str, object]] = {
        topic.id: {
            "original": topic.language,
            "weeks": topic.weeks,
            topic.language: {"title": topic.title, "text": topic.text},
        }
        for topic in topics
    }
    others = sa.select(TopicText).where(TopicText.topic_id.in_(words))
    for other in session.scalars(others):
        words[other.topic_id][other.language] = {"title": other.title, "text": other.text}
    return words


def _rule(session: Session) -> dict[str, object]:
    """Who votes, as the newsroom had set it when the roll was frozen; printed on the ballot."""
    room = newsroom.current(session)
    least = {offer.currency: offer.one_time_minimum for offer in newsroom.offers(session)}
    return {"one_time_days": room.one_time_days, "one_time_minimum": least}
