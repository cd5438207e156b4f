"""One person, one ballot, changed as often as they like until the end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.core.errors import NotFound
from app.topics import closing, enrolling, following, voting
from app.topics.errors import PatronsOnly, UnknownChoice, VotingClosed
from app.topics.models import Ballot, BallotMark, RoundOption, TopicFollow
from app.topics.queries import own_ballot
from tests.topics.scene import Scene, at_once


def marks(scene: Scene, round_id: int, account_id: int) -> set[int]:
    with scene.db.reading() as session:
        own = own_ballot(session, round_id, account_id)
    assert own is not None
    return set(own.marked)


def test_a_patron_casts_a_ballot_and_gets_a_receipt(scene: Scene) -> None:
    patron, topics = scene.patron(), scene.topics(3)
    round_id = scene.open_round(topics)
    saved = scene.cast(round_id, patron, topics[:2])
    assert saved.is_first
    assert len(saved.receipt) == voting.RECEIPT_LENGTH
    assert marks(scene, round_id, patron) == set(topics[:2])
    assert scene.turnout(round_id).voted == 1


def test_a_changed_ballot_is_the_same_ballot_with_the_same_receipt(scene: Scene) -> None:
    patron, topics = scene.patron(), scene.topics(3)
    round_id = scene.open_round(topics)
    first = scene.cast(round_id, patron, topics[:2])
    second = scene.cast(round_id, patron, topics[2:])
    assert not second.is_first
    assert second.receipt == first.receipt
    assert marks(scene, round_id, patron) == {topics[2]}
    assert [ballot.changes for ballot in scene.ballots(round_id)] == [1]


def test_a_blank_ballot_counts_for_the_turnout(scene: Scene) -> None:
    patron, topics = scene.patron(), scene.topics(2)
    round_id = scene.open_round(topics)
    scene.cast(round_id, patron, [])
    assert marks(scene, round_id, patron) == set()
    assert scene.turnout(round_id).voted == 1


def test_whoever_gives_more_has_one_ballot_too(scene: Scene) -> None:
    patron, topics = scene.patron(), scene.topics(2)
    round_id = scene.open_round(topics)
    for _ in range(3):
        scene.cast(round_id, patron, topics)
    assert len(scene.ballots(round_id)) == 1


def test_the_hour_is_all_that_a_ballot_tells_of_its_time(scene: Scene) -> None:
    patron, topics = scene.patron(), scene.topics(2)
    round_id = scene.open_round(topics)
    scene.clock.advance(hours=3, minutes=17, seconds=9)
    scene.cast(round_id, patron, topics)
    hour = scene.now.replace(minute=0, second=0, microsecond=0)
    assert [ballot.cast_at for ballot in scene.ballots(round_id)] == [hour]


def test_nobody_without_a_seat_on_the_roll_votes(scene: Scene) -> None:
    stranger, topics = scene.stranger(), scene.topics(2)
    round_id = scene.open_round(topics)
    with pytest.raises(PatronsOnly):
        scene.cast(round_id, stranger, topics)
    assert scene.ballots(round_id) == []


def test_no_ballot_is_taken_at_the_end_even_where_nobody_closed_the_round(scene: Scene) -> None:
    patron, topics = scene.patron(), scene.topics(2)
    round_id = scene.open_round(topics)
    scene.clock.set(scene.round(round_id).closes_at - timedelta(microseconds=1))
    scene.cast(round_id, patron, topics[:1])
    scene.clock.set(scene.round(round_id).closes_at)
    with pytest.raises(VotingClosed):
        scene.cast(round_id, patron, topics[1:])
    assert marks(scene, round_id, patron) == {topics[0]}


def test_no_ballot_is_taken_after_closing(scene: Scene) -> None:
    patron, topics = scene.patron(), scene.topics(2)
    round_id = scene.open_round(topics)
    scene.close(round_id)
    with pytest.raises(VotingClosed):
        scene.cast(round_id, patron, topics)


def test_a_draft_and_a_round_that_is_not_there_take_no_ballot(scene: Scene) -> None:
    patron, topics = scene.patron(), scene.topics(2)
    round_id = scene.draft(topics)
    for wanted in (round_id, round_id + 1):
        with pytest.raises(NotFound):
            scene.cast(wanted, patron, topics)


@pytest.mark.parametrize("foreign", [0, -1, 2**63, 2**70])
def test_a_topic_of_another_ballot_changes_nothing(scene: Scene, foreign: int) -> None:
    patron, topics = scene.patron(), scene.topics(3)
    round_id = scene.open_round(topics[:2])
    scene.cast(round_id, patron, topics[:1])
    for choice in (topics[2], foreign):
        with pytest.raises(UnknownChoice):
            scene.cast(round_id, patron, [topics[1], choice])
    assert marks(scene, round_id, patron) == {topics[0]}


def test_the_database_itself_refuses_marks_of_another_round(scene: Scene) -> None:
    patron, topics = scene.patron(), scene.topics(4)
    first = scene.open_round(topics[:2])
    scene.cast(first, patron, topics[:1])
    scene.close(first)
    second = scene.open_round(topics[2:])
    scene.cast(second, patron, [])
    with scene.db.reading() as session:
        foreign = session.scalar(sa.select(RoundOption.id).where(RoundOption.round_id == first))
    mine = scene.ballots(second)[0]
    for round_id in (first, second):
        mark = BallotMark(ballot_id=mine.id, option_id=foreign, round_id=round_id)
        with pytest.raises(IntegrityError), scene.db.transaction() as session:
            session.add(mark)


def test_the_database_itself_refuses_a_second_ballot(scene: Scene) -> None:
    patron, topics = scene.patron(), scene.topics(2)
    round_id = scene.open_round(topics)
    scene.cast(round_id, patron, topics)
    twin = Ballot(round_id=round_id, account_id=patron, receipt="TWIN", cast_at=scene.now)
    with pytest.raises(IntegrityError):
        scene.write(lambda session: session.add(twin))


def test_the_wish_to_be_written_to_follows_the_marks(scene: Scene) -> None:
    patron, topics = scene.patron(), scene.topics(3)
    round_id = scene.open_round(topics)

    def followed() -> set[int]:
        with scene.db.reading() as session:
            mine = sa.select(TopicFollow.topic_id).where(TopicFollow.account_id == patron)
            return set(session.scalars(mine))

    scene.cast(round_id, patron, topics[:2], wants_mail=True)
    assert followed() == set(topics[:2])
    scene.cast(round_id, patron, topics[1:], wants_mail=True)
    assert followed() == set(topics[1:])
    scene.cast(round_id, patron, topics[1:], wants_mail=False)
    assert followed() == set()


def test_what_was_asked_for_on_a_topics_page_is_not_changed_by_the_ballot(scene: Scene) -> None:
    patron, topics = scene.patron(), scene.topics(3)
    round_id = scene.open_round(topics)
    scene.write(
        lambda session: following.follow(
            session, topic_id=topics[1], account_id=patron, now=scene.now
        )
    )

    def followed() -> set[int]:
        with scene.db.reading() as session:
            mine = sa.select(TopicFollow.topic_id).where(TopicFollow.account_id == patron)
            return set(session.scalars(mine))

    scene.cast(round_id, patron, topics[:1], wants_mail=True)
    assert followed() == {topics[0], topics[1]}
    scene.cast(round_id, patron, topics[1:], wants_mail=True)
    assert followed() == {topics[1], topics[2]}
    scene.cast(round_id, patron, topics[1:])
    assert followed() == {topics[1]}
    with scene.db.reading() as session:
        ballot = own_ballot(session, round_id, patron)
    assert ballot is not None
    assert not ballot.wants_mail


def test_what_is_asked_for_on_a_topics_page_after_the_ballot_outlives_its_change(
    scene: Scene,
) -> None:
    patron, topics = scene.patron(), scene.topics(3)
    round_id = scene.open_round(topics)
    scene.cast(round_id, patron, topics[:2], wants_mail=True)
    scene.write(
        lambda session: following.follow(
            session, topic_id=topics[1], account_id=patron, now=scene.now
        )
    )

    scene.cast(round_id, patron, topics[2:])

    assert scene.count(TopicFollow, TopicFollow.topic_id == topics[1]) == 1
    assert scene.count(TopicFollow) == 1


def test_after_closing_nothing_says_that_a_wish_stood_on_a_ballot(scene: Scene) -> None:
    patron, topics = scene.patron(), scene.topics(2)
    round_id = scene.open_round(topics)
    scene.cast(round_id, patron, topics[:1], wants_mail=True)
    assert scene.count(TopicFollow, TopicFollow.round_id == round_id) == 1
    scene.close(round_id)
    assert scene.count(TopicFollow, TopicFollow.round_id.is_(None)) == 1


def test_a_wish_of_an_earlier_round_is_not_forgotten(scene: Scene) -> None:
    patron, topics = scene.patron(), scene.topics(3)
    first = scene.open_round(topics)
    scene.cast(first, patron, topics, wants_mail=True)
    scene.close(first)
    loser = topics[1]
    scene.clock.advance(days=1)
    second = scene.open_round([loser, topics[2]])
    scene.cast(second, patron, [loser])
    assert scene.count(TopicFollow, TopicFollow.account_id == patron) == 3


def test_eight_tabs_forty_clicks_one_ballot(scene: Scene) -> None:
    patron, topics = scene.patron(), scene.topics(4)
    round_id = scene.open_round(topics)
    receipts = set()

    def tab(own: list[int]) -> Callable[[], None]:
        def click() -> None:
            for _ in range(5):
                receipts.add(scene.cast(round_id, patron, own).receipt)

        return click

    assert at_once([tab(topics[n % 3 : n % 3 + 2]) for n in range(8)]) == []
    assert len(scene.ballots(round_id)) == 1
    assert len(receipts) == 1
    assert marks(scene, round_id, patron) in [set(topics[n : n + 2]) for n in range(3)]
    assert scene.turnout(round_id).voted == 1


def test_a_vote_that_meets_the_closing_is_counted_or_refused(scene: Scene) -> None:
    patrons, topics = scene.patrons(6), scene.topics(2)
    round_id = scene.open_round(topics)
    before_the_end = scene.round(round_id).closes_at - timedelta(seconds=1)
    scene.clock.set(before_the_end)

    def close() -> None:
        with scene.db.transaction() as session:
            closing.close_due(session, round_id=round_id, now=before_the_end + timedelta(seconds=2))

    votes = [partial(scene.cast, round_id, patron, topics[:1]) for patron in patrons]
    raised = at_once([*votes, close])
    assert {type(error) for error in raised} <= {VotingClosed}
    closed = scene.round(round_id)
    assert closed.counted == len(patrons) - len(raised) == len(scene.ballots(round_id))
    assert all(ballot.account_id is None for ballot in scene.ballots(round_id))


def test_a_refund_that_meets_the_vote_leaves_no_ballot(scene: Scene) -> None:
    patron, topics = scene.patron(), scene.topics(2)
    round_id = scene.open_round(topics)

    def refund() -> None:
        with scene.db.transaction() as session:
            enrolling.take_off(session, {patron: "refund"}, scene.now)

    raised = at_once([*[lambda: scene.cast(round_id, patron, topics)] * 5, refund])
    assert {type(error) for error in raised} <= {PatronsOnly}
    assert scene.ballots(round_id) == []
    assert scene.turnout(round_id).voted == 0
