"""Each promise about votes, broken by hand behind the verbs' back, is noticed by its check."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import chain

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.membership.models import Gift, Pledge
from app.topics import checks, enrolling
from app.topics.models import Ballot, BallotMark, RollCount, RollEntry, Round, RoundOption
from tests import factories
from tests.topics.scene import Scene

Break = Callable[[Session, "Case"], object]


class Case:
    """A closed round and a running one, with ballots and a late joiner; all promises hold."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.patrons = scene.patrons(4)
        self.topics = scene.topics(5)
        self.closed = scene.open_round(self.topics[:3])
        for number, patron in enumerate(self.patrons):
            scene.cast(self.closed, patron, self.topics[: number % 3])
        scene.close(self.closed)
        self.running = scene.open_round(self.topics[3:])
        self.late = scene.patron()
        scene.write(lambda session: enrolling.append_late(session, [self.late], scene.now))
        self.away = self.patrons[3]
        scene.write(lambda s: enrolling.take_off(s, {self.away: "refund"}, scene.now))
        gone = sa.update(Pledge).where(Pledge.account_id == self.away)
        scene.write(lambda session: session.execute(gone.values(returned_at=scene.now)))
        for patron in self.patrons[:2]:
            scene.cast(self.running, patron, self.topics[3:4])

    def broken(self) -> dict[str, list[str]]:
        with self.scene.db.reading() as session:
            found = checks.run(session, self.scene.now)
        return {name: rows for name, rows in found.items() if rows}


@pytest.fixture
def case(scene: Scene) -> Case:
    return Case(scene)


def test_while_all_is_well_every_check_is_quiet(case: Case) -> None:
    assert case.broken() == {}
    case.scene.close(case.running)
    assert case.broken() == {}


def test_a_gift_that_gives_a_seat_is_money_enough(case: Case, scene: Scene) -> None:
    person = scene.stranger()

    def give(session: Session) -> None:
        factories.make_gift(session, now=scene.now, account_id=person)
        enrolling.append_late(session, [person], scene.now)

    scene.write(give)
    assert case.broken() == {}
    refunded = sa.update(Gift).values(state="refunded", standing_until=None)
    scene.write(lambda session: session.execute(refunded))
    assert case.broken() == {"topics.the_roll_has_paid": [at(case.running, person)]}


def end(session: Session, case: Case, at: datetime) -> object:
    """The pledge of somebody on the running roll ended then."""
    mine = sa.update(Pledge).where(Pledge.account_id == case.patrons[0])
    ended = {"state": "ended", "ended_at": at, "end_reason": "voluntary"}
    return session.execute(mine.values(ended))


def test_who_left_two_years_before_the_round_has_not_paid_for_a_vote(
    case: Case, scene: Scene
) -> None:
    scene.write(lambda session: end(session, case, scene.now + timedelta(hours=1)))
    assert case.broken() == {}
    scene.write(lambda session: end(session, case, scene.now - timedelta(days=730)))
    assert case.broken() == {"topics.the_roll_has_paid": [at(case.running, case.patrons[0])]}


def test_a_gift_or_a_seat_of_two_years_ago_is_no_money_for_a_vote(case: Case, scene: Scene) -> None:
    long_ago = scene.now - timedelta(days=730)

    def give(session: Session) -> None:
        end(session, case, long_ago)
        factories.make_gift(session, now=long_ago, account_id=case.patrons[0])
        factories.make_seat(session, now=long_ago, account_id=case.patrons[0])

    scene.write(give)
    assert case.broken() == {"topics.the_roll_has_paid": [at(case.running, case.patrons[0])]}
    scene.write(lambda s: factories.make_seat(s, now=scene.now, account_id=case.patrons[0]))
    assert case.broken() == {}


def at(round_id: int, account_id: int) -> str:
    return f"round {round_id}, account {account_id}"


def entry(round_id: int, account_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(RollEntry.round_id == round_id, RollEntry.account_id == account_id)


def take_the_late_joiner_away(session: Session, case: Case) -> object:
    return session.execute(sa.delete(RollEntry).where(entry(case.running, case.late)))


def put_a_stranger_on_the_roll(session: Session, case: Case) -> object:
    person = factories.make_account(session, now=case.scene.now)
    row = {"round_id": case.running, "account_id": person, "added_at": case.scene.now}
    return session.execute(sa.insert(RollEntry).values(row | {"late": True, "voted": False}))


def freeze_one_more(session: Session, case: Case) -> object:
    return session.execute(
        sa.update(RollEntry).where(entry(case.running, case.late)).values(late=False)
    )


def miscount_the_roll(session: Session, case: Case) -> object:
    running = sa.update(RollCount).where(RollCount.round_id == case.running)
    return session.execute(running.values(voted=RollCount.voted + 1))


def let_the_refunded_vote(session: Session, case: Case) -> object:
    mine = entry(case.running, case.away)
    return session.execute(sa.update(RollEntry).where(mine).values(voted=True))


def lose_a_ballot(session: Session, case: Case) -> object:
    mine = sa.and_(Ballot.round_id == case.running, Ballot.account_id == case.patrons[0])
    ids = sa.select(Ballot.id).where(mine)
    session.execute(sa.delete(BallotMark).where(BallotMark.ballot_id.in_(ids)))
    return session.execute(sa.delete(Ballot).where(mine))


def cast_before_opening(session: Session, case: Case) -> object:
    running = sa.update(Ballot).where(Ballot.round_id == case.running)
    return session.execute(running.values(cast_at=case.scene.now - timedelta(hours=2)))


def forget_to_close(session: Session, case: Case) -> object:
    ended = {"opens_at": case.scene.now - timedelta(days=2)}
    ended |= {"closes_at": case.scene.now - timedelta(minutes=11)}
    return session.execute(sa.update(Round).where(Round.id == case.running).values(ended))


def tell_whose_ballot_it_was(session: Session, case: Case) -> object:
    one = sa.select(sa.func.min(Ballot.id)).where(Ballot.round_id == case.closed)
    told = {"account_id": case.patrons[0], "cast_at": case.scene.now}
    mine = sa.update(Ballot).where(Ballot.id == one.scalar_subquery())
    return session.execute(mine.values(told))


def keep_how_often_it_was_changed(session: Session, case: Case) -> object:
    closed = sa.update(Ballot).where(Ballot.round_id == case.closed)
    return session.execute(closed.values(changes=2))


def stuff_the_box(session: Session, case: Case) -> object:
    row = {"round_id": case.closed, "receipt": "000000000000", "changes": 0}
    return session.execute(sa.insert(Ballot).values(row))


def add_a_mark(session: Session, case: Case) -> object:
    option = sa.select(RoundOption.id).where(
        RoundOption.round_id == case.closed, RoundOption.marks == 0
    )
    blank = sa.select(sa.func.min(Ballot.id)).where(Ballot.round_id == case.closed)
    row = {"ballot_id": session.scalar(blank), "option_id": session.scalar(option)}
    return session.execute(sa.insert(BallotMark).values(row | {"round_id": case.closed}))


def crown_another(session: Session, case: Case) -> object:
    closed = sa.update(Round).where(Round.id == case.closed)
    return session.execute(closed.values(winner_id=case.topics[2]))


def count_early(session: Session, case: Case) -> object:
    running = sa.update(RoundOption).where(RoundOption.round_id == case.running)
    return session.execute(running.values(marks=1))


def change_a_receipt(session: Session, case: Case) -> object:
    one = sa.select(sa.func.max(Ballot.id)).where(Ballot.round_id == case.closed)
    mine = sa.update(Ballot).where(Ballot.id == one.scalar_subquery())
    return session.execute(mine.values(receipt="ZZZZZZZZZZZZ"))


@pytest.mark.parametrize(
    ("act", "names"),
    [
        (take_the_late_joiner_away, ["who_paid_is_on_the_roll"]),
        (put_a_stranger_on_the_roll, ["the_roll_has_paid"]),
        (freeze_one_more, ["frozen_roll_is_whole"]),
        (miscount_the_roll, ["counts_are_a_recount"]),
        (let_the_refunded_vote, ["who_was_taken_off_has_no_ballot", "who_voted_has_a_ballot"]),
        (lose_a_ballot, ["who_voted_has_a_ballot"]),
        (cast_before_opening, ["ballots_within_hours"]),
        (forget_to_close, ["ballots_within_hours", "closed_in_time"]),
        (tell_whose_ballot_it_was, ["ballots_are_nobodys"]),
        (keep_how_often_it_was_changed, ["ballots_are_nobodys"]),
        (stuff_the_box, ["turnout_is_the_ballots", "newest_list_is_the_published_one"]),
        (add_a_mark, ["tally_is_a_recount", "newest_list_is_the_published_one"]),
        (crown_another, ["winner_has_most_marks"]),
        (count_early, ["nothing_before_closing"]),
        (change_a_receipt, ["newest_list_is_the_published_one"]),
    ],
)
def test_what_breaks_a_promise_is_noticed(case: Case, act: Break, names: list[str]) -> None:
    case.scene.write(lambda session: act(session, case))
    broken = case.broken()
    assert sorted(broken) == sorted(f"topics.{name}" for name in names)
    for row in chain(*broken.values()):
        assert row.startswith((f"round {case.running}", f"round {case.closed}"))


def test_every_check_is_broken_by_one_of_these(case: Case) -> None:
    marked = test_what_breaks_a_promise_is_noticed.pytestmark[0]  # type: ignore[attr-defined]
    noticed = {f"topics.{name}" for _, names in marked.args[1] for name in names}
    assert noticed == set(checks.CHECKS)
