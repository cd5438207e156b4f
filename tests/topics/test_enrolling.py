"""The roll: frozen at opening, with late joiners where the rule says so, and who left it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.membership import standing
from app.membership.models import Gift, Pledge
from app.topics import enrolling, opening
from app.topics.errors import PatronsOnly
from app.topics.models import RollEntry, Round
from app.topics.queries import roll_state
from tests import factories
from tests.topics.scene import Scene, at_once


def gained(scene: Scene, account_id: int) -> None:
    scene.write(lambda session: enrolling.append_late(session, [account_id], scene.now))


def lost(scene: Scene, account_id: int, reason: str = "refund") -> None:
    scene.write(lambda session: enrolling.take_off(session, {account_id: reason}, scene.now))


def stands(scene: Scene, round_id: int, account_id: int) -> str:
    with scene.db.reading() as session:
        return roll_state(session, round_id, account_id).standing


def test_membership_tells_us_who_gained_and_who_lost_the_right() -> None:
    assert enrolling.append_late in standing.on_gained
    assert enrolling.take_off in standing.on_lost


def test_everyone_in_good_standing_is_on_the_roll_once_and_nobody_else(scene: Scene) -> None:
    patron, stranger, given_seat = scene.patron(), scene.stranger(), scene.stranger()
    generous = scene.patron()

    def gifts(session: Session) -> None:
        factories.make_seat(session, now=scene.now, account_id=given_seat)
        factories.make_gift(session, now=scene.now, account_id=generous)

    scene.write(gifts)
    round_id = scene.open_round(scene.topics(2))
    assert scene.turnout(round_id).frozen == 3
    for account in (patron, given_seat, generous):
        entry = scene.entry(round_id, account)
        assert entry is not None
        assert (entry.late, entry.added_at) == (False, scene.now)
    assert scene.entry(round_id, stranger) is None


def test_a_late_joiner_is_appended_with_the_time(scene: Scene) -> None:
    topics = scene.topics(2)
    round_id = scene.open_round(topics)
    scene.clock.advance(hours=30)
    late = scene.patron()
    gained(scene, late)
    gained(scene, late)
    entry = scene.entry(round_id, late)
    assert entry is not None
    assert (entry.late, entry.added_at) == (True, scene.now)
    scene.cast(round_id, late, topics[:1])
    assert (scene.turnout(round_id).late, scene.turnout(round_id).roll) == (1, 1)


def test_where_the_rule_admits_none_a_late_joiner_has_no_ballot(scene: Scene) -> None:
    topics = scene.topics(2)
    round_id = scene.open_round(topics, late_joiners=False)
    late = scene.patron()
    gained(scene, late)
    assert stands(scene, round_id, late) == "none"
    with pytest.raises(PatronsOnly):
        scene.cast(round_id, late, topics)


def test_nobody_joins_at_or_after_the_end(scene: Scene) -> None:
    round_id = scene.open_round(scene.topics(2))
    late = scene.patron()
    scene.clock.set(scene.round(round_id).closes_at)
    gained(scene, late)
    assert scene.entry(round_id, late) is None


def test_between_rounds_there_is_no_roll_to_join_or_leave(scene: Scene) -> None:
    patron = scene.patron()
    gained(scene, patron)
    lost(scene, patron)
    assert scene.count(RollEntry) == 0


def test_a_refund_takes_the_ballot_out(scene: Scene) -> None:
    patron, topics = scene.patron(), scene.topics(2)
    round_id = scene.open_round(topics)
    scene.cast(round_id, patron, topics[:1])
    lost(scene, patron, "dispute")
    assert scene.ballots(round_id) == []
    assert stands(scene, round_id, patron) == "removed"
    assert (scene.turnout(round_id).voted, scene.turnout(round_id).roll) == (0, 0)
    with pytest.raises(PatronsOnly):
        scene.cast(round_id, patron, topics)


def test_whoever_pays_again_has_a_ballot_again(scene: Scene) -> None:
    patron, topics = scene.patron(), scene.topics(2)
    round_id = scene.open_round(topics)
    lost(scene, patron)
    gained(scene, patron)
    scene.cast(round_id, patron, topics)
    found = scene.turnout(round_id)
    assert (found.frozen, found.late, found.removed, found.voted) == (1, 0, 0, 1)


def test_after_closing_a_refund_changes_nothing(scene: Scene) -> None:
    patron, topics = scene.patron(), scene.topics(2)
    round_id = scene.open_round(topics)
    scene.cast(round_id, patron, topics)
    scene.close(round_id)
    lost(scene, patron)
    assert len(scene.ballots(round_id)) == 1
    assert scene.turnout(round_id).voted == 1


def test_a_refund_after_the_end_leaves_the_ballot_even_before_the_count(scene: Scene) -> None:
    patron, topics = scene.patron(), scene.topics(2)
    round_id = scene.open_round(topics)
    scene.cast(round_id, patron, topics)
    scene.clock.set(scene.round(round_id).closes_at)
    lost(scene, patron)
    assert len(scene.ballots(round_id)) == 1


def test_somebody_who_waits_for_the_first_payment_is_told_so(scene: Scene) -> None:
    account = scene.stranger()
    round_id = scene.open_round(scene.topics(2))
    assert stands(scene, round_id, account) == "none"

    def starts(session: Session) -> None:
        gift_id = factories.make_gift(session, now=scene.now, account_id=account)
        gift = session.get_one(Gift, gift_id)
        gift.state, gift.paid_at, gift.standing_until = "pending", None, None

    scene.write(starts)
    assert stands(scene, round_id, account) == "waiting"


def test_somebody_who_joins_while_the_round_opens_is_on_the_roll(scene: Scene) -> None:
    """Frozen or appended, whichever came first: never neither."""
    topics = scene.topics(2)
    round_id = scene.draft(topics)
    joined: list[int] = []

    def join() -> None:
        with scene.db.transaction() as session:
            account_id = factories.make_patron(session, now=scene.now)
            enrolling.append_late(session, [account_id], scene.now)
            joined.append(account_id)

    def opens() -> None:
        with scene.db.transaction() as session:
            opening.open_now(session, round_id=round_id, actor_id=scene.editor, now=scene.now)

    assert at_once([join, join, opens, join, join]) == []
    assert all(scene.entry(round_id, account) for account in joined)
    assert scene.turnout(round_id).roll == 4


ACTS = st.tuples(
    st.sampled_from(["join", "vote", "lose", "regain"]),
    st.integers(0, 9),
    st.sets(st.integers(0, 1)),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 3), st.lists(ACTS, max_size=8))
def test_the_roll_is_frozen_plus_late_minus_removed(
    scene: Scene, at_opening: int, acts: list[tuple[str, int, set[int]]]
) -> None:
    """Whatever happens in whatever order, the turnout adds up, before closing and after."""
    start_anew(scene)
    people = scene.patrons(at_opening)
    topics = scene.topics(2)
    round_id = scene.open_round(topics)
    late, removed, voted = set[int](), set[int](), set[int]()
    for act, number, choices in acts:
        who = people[number % len(people)] if people else scene.patron()
        if act == "join":
            late.add(scene.patron())
            people += [account for account in late if account not in people]
            gained(scene, people[-1])
        elif who in people and act == "lose":
            lost(scene, who)
            removed.add(who)
            voted.discard(who)
        elif who in people and act == "regain":
            gained(scene, who)
            removed.discard(who)
        elif who in people and who not in removed:
            scene.cast(round_id, who, {topics[choice] for choice in choices})
            voted.add(who)
    before = scene.turnout(round_id)
    assert before.frozen == at_opening
    assert (before.late, before.removed, before.voted) == (len(late), len(removed), len(voted))
    assert before.roll == len(people) - len(removed)
    scene.close(round_id)
    assert scene.turnout(round_id) == before


def start_anew(scene: Scene) -> None:
    """No round runs and nobody is a patron: what another example left behind is over."""
    running = sa.select(Round.id).where(Round.state == "open")
    with scene.db.reading() as session:
        left_open = list(session.scalars(running))
    for round_id in left_open:
        scene.close(round_id)
    ended = {"state": "ended", "ended_at": scene.now}
    scene.write(lambda session: session.execute(sa.update(Pledge).values(ended)))
