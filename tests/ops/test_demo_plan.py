"""The plan of the demo newsroom: the same for the same seed, and of the size that is promised."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

from app.ops.demo import rounds
from app.ops.demo.lives import DAYS, plan
from app.ops.demo.stories import PAST, RUNNING

END = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def test_the_same_seed_is_the_same_newsroom_and_another_is_not() -> None:
    assert plan(7) == plan(7)
    assert plan(7) != plan(8)


def test_everybody_has_an_address_of_their_own() -> None:
    addresses = [life.person.email for life in plan(7).lives]
    assert len(addresses) == len(set(addresses))


def test_things_happen_in_their_order_and_within_fourteen_months() -> None:
    acts = plan(7).acts
    assert acts == sorted(acts)
    assert all(0 <= act.day < DAYS for act in acts)
    kinds = {act.kind for act in acts}
    assert kinds == {"join", "give", "raise", "lower", "stop", "fail", "mend", "refund", "rejoin"}


def test_about_four_hundred_patrons_are_left() -> None:
    acts = plan(7).acts
    joined = sum(act.kind in ("join", "rejoin") for act in acts)
    stopped = sum(act.kind == "stop" for act in acts)
    lost = sum(act.kind == "fail" for act in acts) - sum(act.kind == "mend" for act in acts)
    assert 360 <= joined - stopped - lost <= 460


def test_one_round_runs_at_a_time_and_the_last_closes_on_a_sunday_at_eight() -> None:
    played = rounds.schedule(END, "Europe/Kyiv")
    for earlier, later in itertools.pairwise(played):
        assert earlier.closes < later.opens
    assert played[-1].opens < END < played[-1].closes
    assert played[-1].closes == datetime(2026, 11, 29, 18, 0, tzinfo=UTC)


def test_what_won_is_reported_in_steps_that_readers_can_follow() -> None:
    for vote in PAST:
        days = [after for after, status, note in vote.steps if status and note]
        assert days == sorted(days)
        assert len(days) == len(vote.steps)
    assert RUNNING.steps == ()
    assert all(0 < idea.pull < 1 for vote in (*PAST, RUNNING) for idea in vote.ideas)
