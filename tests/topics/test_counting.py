"""Counting, against a count that is too slow to be wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.topics import counting

OPTIONS = [7, 3, 11, 2, 5]
BALLOTS = st.lists(st.lists(st.sampled_from(OPTIONS), max_size=7), max_size=60)


@given(BALLOTS)
def test_marks_are_what_counting_ballot_by_ballot_gives(ballots: list[list[int]]) -> None:
    tally = counting.approval(ballots, order=OPTIONS)
    assert tally.marks == {option: sum(option in b for b in ballots) for option in OPTIONS}
    assert tally.blank == sum(not ballot for ballot in ballots)
    assert tally.counted + tally.blank == len(ballots)


@given(BALLOTS)
def test_the_winner_has_most_marks_and_stands_before_its_equals(ballots: list[list[int]]) -> None:
    tally = counting.approval(ballots, order=OPTIONS)
    by_hand = sorted(OPTIONS, key=lambda o: (-sum(o in b for b in ballots), OPTIONS.index(o)))
    if any(ballots):
        assert tally.winner == by_hand[0]
        assert tally.tie_broken == (tally.marks[by_hand[0]] == tally.marks[by_hand[1]])
    else:
        assert tally.winner is None
        assert not tally.tie_broken


@given(BALLOTS, st.randoms())
def test_the_order_of_the_ballots_changes_nothing(ballots: list[list[int]], chance: object) -> None:
    shuffled = ballots[:]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert counting.approval(shuffled, order=OPTIONS) == counting.approval(ballots, order=OPTIONS)


def test_a_mark_on_no_option_is_refused() -> None:
    with pytest.raises(ValueError, match="99"):
        counting.approval([[99]], order=OPTIONS)


def test_a_million_ballots_are_counted_in_seconds() -> None:
    ballots = ([n % 5, (n * 7) % 20] for n in range(1_000_000))
    assert counting.approval(ballots, order=range(20)).counted == 1_000_000
