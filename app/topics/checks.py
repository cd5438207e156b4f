"""The promises about votes, as SQL: each check gives what breaks it, by round and person or topic.

What the tables themselves refuse (a second ballot, a mark of another round) needs no check here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.membership import standing
from app.membership.models import Gift, Pledge, Seat
from app.topics import publishing
from app.topics.models import Ballot, BallotMark, RollCount, RollEntry, Round, RoundOption

HOUR = timedelta(hours=1)  # what a ballot's time is cut to
SLACK = timedelta(minutes=10)  # for a worker that was away
MOST = 100
Check = Callable[[Session, datetime], list[str]]


def run(session: Session, now: datetime) -> dict[str, list[str]]:
    """Every check by its name, with what breaks it; at most a hundred each."""
    return {name: check(session, now) for name, check in CHECKS.items()}


def _who_paid_is_on_the_roll(session: Session, now: datetime) -> list[str]:
    """A5: while a round runs whose rule admits late joiners, who may vote stands on its roll.

    A seat that began by its date alone is no charge that succeeded.
    """
    members = standing.good_standing_ids(session, now).subquery()
    (account_id,) = members.c
    given = sa.exists().where(Seat.account_id == account_id, Seat.starts_at > Round.opened_at)
    on_roll = sa.exists().where(
        RollEntry.round_id == Round.id,
        RollEntry.account_id == account_id,
        RollEntry.removed_at.is_(None),
    )
    runs = sa.and_(Round.state == "open", Round.late_joiners, Round.closes_at > now)
    everyone = sa.select(Round.id, account_id).select_from(Round).join(members, runs)
    wanted = everyone.where(~on_roll, ~given)
    return _people(session, wanted.distinct())


def _the_roll_has_paid(session: Session, _now: datetime) -> list[str]:
    """A5: nobody stands on a running round's roll without money that stayed, or a given seat.

    What had ended before the round opened gives no vote in it.
    """
    found: list[str] = []
    for round_ in session.scalars(sa.select(Round).where(Round.state == "open")):
        opened = round_.opened_at or round_.opens_at
        wanted = _entries().where(Round.id == round_.id, RollEntry.removed_at.is_(None))
        found += _people(session, wanted.where(*(~reason for reason in _to_vote(opened))))
    return found


def _to_vote(opened: datetime) -> list[sa.Exists]:
    """What gives somebody on the roll a vote in a round that opened then."""
    who = RollEntry.account_id
    pledged = sa.exists().where(
        Pledge.account_id == who,
        Pledge.started_at.is_not(None),
        Pledge.returned_at.is_(None),
        sa.or_(Pledge.ended_at.is_(None), Pledge.ended_at > opened - SLACK),
    )
    gave = sa.exists().where(
        Gift.account_id == who, Gift.state == "paid", Gift.standing_until > opened
    )
    seated = sa.exists().where(Seat.account_id == who, Seat.ends_at > opened)
    return [pledged, gave, seated]


def _frozen_roll_is_whole(session: Session, _now: datetime) -> list[str]:
    """A5: as many stand on the roll from its opening as were counted then."""
    frozen = _how_many(RollEntry, RollEntry.late.is_(False))
    return _rounds(session, Round.state != "draft", frozen != Round.roll_frozen)


def _counts_are_a_recount(session: Session, _now: datetime) -> list[str]:
    """A6: as many were appended, taken off and have voted as the kept counts say."""

    def kept(count: Any) -> sa.ScalarSelect[int]:
        total = sa.select(sa.func.coalesce(sa.func.sum(count), 0))
        return total.where(RollCount.round_id == Round.id).correlate(Round).scalar_subquery()

    wrong = sa.or_(
        _how_many(RollEntry, RollEntry.late) != kept(RollCount.late),
        _how_many(RollEntry, RollEntry.removed_at.is_not(None)) != kept(RollCount.removed),
        _how_many(RollEntry, RollEntry.voted) != kept(RollCount.voted),
    )
    return _rounds(session, Round.state != "draft", wrong)


def _who_was_taken_off_has_no_ballot(session: Session, _now: datetime) -> list[str]:
    """A5: a refund or dispute before closing took the ballot out."""
    ballot = sa.exists().where(
        Ballot.round_id == RollEntry.round_id, Ballot.account_id == RollEntry.account_id
    )
    stays = sa.or_(ballot, RollEntry.voted)
    return _people(session, _entries().where(RollEntry.removed_at.is_not(None), stays))


def _who_voted_has_a_ballot(session: Session, _now: datetime) -> list[str]:
    """A6: while a round runs, ballots and the marks on its roll are the same people."""
    ballot = sa.exists().where(
        Ballot.round_id == RollEntry.round_id, Ballot.account_id == RollEntry.account_id
    )
    return _people(session, _entries().where(Round.state == "open", RollEntry.voted != ballot))


def _ballots_within_hours(session: Session, _now: datetime) -> list[str]:
    """A6: no ballot was cast before its round opened or from its end on."""
    found = _people(session, _ballots().where(Round.state == "draft"))
    for round_ in session.scalars(sa.select(Round).where(Round.state == "open")):
        early = Ballot.cast_at <= (round_.opened_at or round_.opens_at) - HOUR
        outside = sa.or_(early, Ballot.cast_at >= round_.closes_at)
        found += _people(session, _ballots().where(Round.id == round_.id, outside))
    return found


def _closed_in_time(session: Session, now: datetime) -> list[str]:
    """A6: a round whose end has come is counted soon."""
    return _rounds(session, Round.state == "open", Round.closes_at < now - SLACK)


def _ballots_are_nobodys(session: Session, _now: datetime) -> list[str]:
    """A6: after closing no ballot says whose it was, when it was cast or how often changed."""
    told = sa.or_(Ballot.account_id.is_not(None), Ballot.cast_at.is_not(None), Ballot.changes > 0)
    linked = sa.exists().where(Ballot.round_id == Round.id, told)
    return _rounds(session, Round.state == "closed", linked)


def _turnout_is_the_ballots(session: Session, _now: datetime) -> list[str]:
    """A6: as many ballots as were counted, and as many people who took part."""
    ballots, voters = _how_many(Ballot), _how_many(RollEntry, RollEntry.voted)
    stored = Round.counted + Round.blank
    wrong = sa.or_(ballots != stored, voters != stored)
    return _rounds(session, Round.state == "closed", wrong)


def _tally_is_a_recount(session: Session, _now: datetime) -> list[str]:
    """A6: the marks that are stored are those on the ballots."""
    marks = sa.select(sa.func.count()).where(BallotMark.option_id == RoundOption.id)
    recount = marks.correlate(RoundOption).scalar_subquery()
    wanted = (
        sa.select(RoundOption.round_id, RoundOption.topic_id)
        .join(Round, Round.id == RoundOption.round_id)
        .where(Round.state == "closed", RoundOption.marks.is_distinct_from(recount))
    )
    return _topics(session, wanted)


def _winner_has_most_marks(session: Session, _now: datetime) -> list[str]:
    """A6: the winner has most marks, and of equals was suggested first."""
    best = (
        sa.select(RoundOption.topic_id)
        .where(RoundOption.round_id == Round.id, RoundOption.marks > 0)
        .order_by(RoundOption.marks.desc(), RoundOption.place)
        .limit(1)
        .correlate(Round)
        .scalar_subquery()
    )
    return _rounds(session, Round.state == "closed", Round.winner_id.is_distinct_from(best))


def _nothing_before_closing(session: Session, _now: datetime) -> list[str]:
    """A6: no count stands anywhere while a round runs."""
    wanted = (
        sa.select(RoundOption.round_id, RoundOption.topic_id)
        .join(Round, Round.id == RoundOption.round_id)
        .where(Round.state != "closed", RoundOption.marks.is_not(None))
    )
    return _topics(session, wanted)


def _newest_list_is_the_published_one(session: Session, _now: datetime) -> list[str]:
    """A6: the public list of the round that closed last still ends in the link it was closed with.

    Only that one: the chain is followed ballot by ballot.
    """
    newest = sa.select(Round).where(Round.state == "closed").order_by(Round.number.desc())
    round_ = session.scalar(newest.limit(1))
    if round_ is None or publishing.end_of_list(session, round_.id) == round_.chain_end:
        return []
    return [f"round {round_.id}"]


CHECKS: dict[str, Check] = {
    "topics.who_paid_is_on_the_roll": _who_paid_is_on_the_roll,
    "topics.the_roll_has_paid": _the_roll_has_paid,
    "topics.frozen_roll_is_whole": _frozen_roll_is_whole,
    "topics.counts_are_a_recount": _counts_are_a_recount,
    "topics.who_was_taken_off_has_no_ballot": _who_was_taken_off_has_no_ballot,
    "topics.who_voted_has_a_ballot": _who_voted_has_a_ballot,
    "topics.ballots_within_hours": _ballots_within_hours,
    "topics.closed_in_time": _closed_in_time,
    "topics.ballots_are_nobodys": _ballots_are_nobodys,
    "topics.turnout_is_the_ballots": _turnout_is_the_ballots,
    "topics.tally_is_a_recount": _tally_is_a_recount,
    "topics.winner_has_most_marks": _winner_has_most_marks,
    "topics.nothing_before_closing": _nothing_before_closing,
    "topics.newest_list_is_the_published_one": _newest_list_is_the_published_one,
}


def _entries() -> Any:
    wanted = sa.select(RollEntry.round_id, RollEntry.account_id)
    return wanted.join(Round, Round.id == RollEntry.round_id)


def _ballots() -> Any:
    wanted = sa.select(Ballot.round_id, Ballot.account_id)
    return wanted.join(Round, Round.id == Ballot.round_id)


def _how_many(rows: type[Ballot] | type[RollEntry], *which: Any) -> sa.ScalarSelect[int]:
    """The number of a round's rows of a kind."""
    counted = sa.select(sa.func.count()).where(rows.round_id == Round.id, *which)
    return counted.correlate(Round).scalar_subquery()


def _people(session: Session, wanted: Any) -> list[str]:
    rows = session.execute(wanted.limit(MOST))
    return [f"round {round_id}, account {account_id}" for round_id, account_id in rows]


def _topics(session: Session, wanted: Any) -> list[str]:
    rows = session.execute(wanted.limit(MOST))
    return [f"round {round_id}, topic {topic_id}" for round_id, topic_id in rows]


def _rounds(session: Session, *which: sa.ColumnElement[bool]) -> list[str]:
    wanted = sa.select(Round.id).where(*which).limit(MOST)
    return [f"round {round_id}" for round_id in session.scalars(wanted)]
