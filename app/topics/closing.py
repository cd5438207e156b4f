"""Closing a round: the ballots part from their people, are counted and become public.

It happens once, at the instant or by hand, however many workers try. Until then nothing counts
them; a ballot that comes at ``closes_at`` is late even where the job that closes is later.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.db import for_update
from app.core.i18n import lazy_gettext as _l
from app.topics import counting, following, guarding, planning, publishing, stepping
from app.topics.errors import ReasonMissing, RoundNotOpen, WrongDates
from app.topics.models import RollEntry, Round, RoundNotice, RoundOption, Topic


def extend(
    session: Session,
    *,
    round_id: int,
    closes_at: datetime,
    note: dict[str, str],
    actor_id: int,
    now: datetime,
) -> bool:
    """Let a running round end later, and say in public why; ``note`` is by language.

    False where just this was done already: it was sent twice.
    Raises NotFound, RoundNotOpen (also past the end), WrongDates, ReasonMissing, AnotherIsOpen.
    """
    round_ = _alone(session, round_id)
    _refuse_ended(round_, now)
    if closes_at == round_.closes_at and _was_told(session, round_id, closes_at, note):
        return False
    if closes_at <= round_.closes_at:
        raise WrongDates(_l("The new end has to be later than the one it has now."))
    planning.refuse_overlap(session, round_id, opens_at=round_.opens_at, closes_at=closes_at)
    _tell(session, round_, "extended", closes_at, note=note, actor_id=actor_id, now=now)
    planning.at(session, round_id, closes_at, now=now)
    planning.record(session, "round.extended", round_id, actor_id, now)
    return True


def close_now(
    session: Session, *, round_id: int, note: dict[str, str], actor_id: int, now: datetime
) -> bool:
    """Close a running round before its time, and say in public why; ``note`` is by language.

    False where it is closed already. Raises NotFound, RoundNotOpen, ReasonMissing.
    """
    round_ = _alone(session, round_id)
    if round_.state == "closed":
        return False
    _refuse_ended(round_, now)
    end = max(now, round_.opens_at + timedelta(microseconds=1))  # a rehearsed clock may stand
    _tell(session, round_, "closed_early", end, note=note, actor_id=actor_id, now=now)
    _close(session, round_, actor_id=actor_id, now=now)
    return True


def close_due(session: Session, *, round_id: int, now: datetime) -> None:
    """Close a round whose end has come; anything else is left alone."""
    round_ = _alone(session, round_id)
    if round_.state == "open" and round_.closes_at <= now:
        _close(session, round_, actor_id=None, now=now)


def due(session: Session, *, now: datetime) -> list[int]:
    """The rounds whose end has come."""
    ended = sa.select(Round.id).where(Round.state == "open", Round.closes_at <= now)
    return list(session.scalars(ended))


def _alone(session: Session, round_id: int) -> Round:
    """A round that nobody votes in, opens or closes meanwhile."""
    guarding.alone(session.connection())
    return planning.locked(session, round_id)


def _refuse_ended(round_: Round, now: datetime) -> None:
    if round_.state != "open" or now >= round_.closes_at:
        raise RoundNotOpen()


def _was_told(session: Session, round_id: int, closes_at: datetime, note: dict[str, str]) -> bool:
    """Whether the newest note of a round gave it this end, in these words."""
    own = sa.select(RoundNotice).where(RoundNotice.round_id == round_id)
    newest = session.scalars(own.order_by(RoundNotice.id.desc()).limit(1)).first()
    return newest is not None and (newest.closes_after, newest.note) == (closes_at, note)


def _tell(
    session: Session,
    round_: Round,
    kind: str,
    closes_at: datetime,
    *,
    note: dict[str, str],
    actor_id: int,
    now: datetime,
) -> None:
    """Change the end, and write down in public that and why."""
    told = {language: text for language, text in note.items() if text}
    if not told:
        raise ReasonMissing()
    session.add(
        RoundNotice(
            round_id=round_.id, kind=kind, note=told, closed_before=round_.closes_at,
            closes_after=closes_at, at=now, actor_id=actor_id,
        )
    )  # fmt: skip
    round_.closes_at = closes_at
    session.flush()


def _close(session: Session, round_: Round, *, actor_id: int | None, now: datetime) -> None:
    options = list(
        session.scalars(
            sa.select(RoundOption)
            .where(RoundOption.round_id == round_.id)
            .order_by(RoundOption.place)
        )
    )
    topic_of = {option.id: option.topic_id for option in options}
    first_time = _first_time(session, round_)
    late = _entries(session, round_.id, RollEntry.late.is_(True))
    removed = _entries(session, round_.id, RollEntry.removed_at.is_not(None))
    ballots = publishing.part(session, round_.id)
    following.outlive(session, round_id=round_.id)
    tally = counting.approval((marked for _, marked in ballots), order=list(topic_of))
    by_topic = ((receipt, frozenset(topic_of[o] for o in marked)) for receipt, marked in ballots)
    for option in options:
        option.marks = tally.marks[option.id]
    round_.counted, round_.blank, round_.first_time = tally.counted, tally.blank, first_time
    round_.roll_late, round_.roll_removed = late, removed
    round_.winner_id = None if tally.winner is None else topic_of[tally.winner]
    round_.tie_broken = tally.tie_broken
    round_.chain_end = publishing.chain_end(by_topic, list(topic_of.values()))
    round_.state, round_.closed_at = "closed", now
    session.flush()
    _release(session, round_, actor_id=actor_id, now=now)
    planning.record(session, "round.closed", round_.id, actor_id, now)


def _release(session: Session, round_: Round, *, actor_id: int | None, now: datetime) -> None:
    """The winner has won, the others go back to the list."""
    on_ballot = sa.select(RoundOption.topic_id).where(RoundOption.round_id == round_.id)
    topics = sa.select(Topic).where(Topic.id.in_(on_ballot), Topic.status == "on_ballot")
    for topic in session.scalars(for_update(topics.order_by(Topic.id))):
        status = "won" if topic.id == round_.winner_id else "listed"
        stepping.reach(session, topic, status, now=now, actor_id=actor_id)


def _first_time(session: Session, round_: Round) -> int:
    """How many voters had not voted in a round before."""
    earlier = (
        sa.select(RollEntry.account_id)
        .join(Round, Round.id == RollEntry.round_id)
        .where(RollEntry.voted, Round.state == "closed", Round.number < round_.number)
    )
    return _entries(
        session, round_.id, RollEntry.voted.is_(True), RollEntry.account_id.not_in(earlier)
    )


def _entries(session: Session, round_id: int, *which: sa.ColumnElement[bool]) -> int:
    entries = sa.select(sa.func.count()).select_from(RollEntry)
    return session.scalar(entries.where(RollEntry.round_id == round_id, *which)) or 0
