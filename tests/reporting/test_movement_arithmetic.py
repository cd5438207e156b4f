"""Movements as arithmetic: the same history gives the same movements, and they sum up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.reporting.folding import Step, monthly_value, of, of_each

START = datetime(2026, 1, 1, tzinfo=UTC)


def step(
    days: float, total: int, *, paused: bool = False, reason: str | None = None, pledge: int = 1
) -> Step:
    at = START + timedelta(days=days)
    cause = f"{pledge}:{days}"
    return Step(at, cause, pledge, monthly_value(total, "month"), paused, reason)


steps = st.lists(
    st.builds(
        step,
        days=st.integers(0, 400) | st.floats(0, 2, allow_nan=False),
        total=st.sampled_from([0, 0, 300, 500, 1000]),
        paused=st.booleans(),
        pledge=st.integers(1, 2),
    ),
    max_size=14,
)


def kinds(*history: Step) -> list[str]:
    return [moved.kind for moved in of(history)]


def test_a_yearly_pledge_is_worth_an_exact_twelfth_a_month() -> None:
    assert monthly_value(6000, "year") == monthly_value(500, "month")
    assert monthly_value(100, "week") * 12 == 100 * 52 * 12


def test_the_first_paid_pledge_is_new_and_a_later_one_after_leaving_comes_back() -> None:
    assert kinds(step(0, 500), step(40, 0, reason="voluntary"), step(90, 300)) == [
        "new", "churn", "reactivation",
    ]  # fmt: skip


def test_who_comes_back_in_another_currency_is_not_new() -> None:
    euros = [step(0, 500), step(40, 0, reason="voluntary")]
    dollars = [step(90, 300), step(120, 0), step(150, 300)]
    for history in ({"EUR": euros, "USD": dollars}, {"USD": dollars, "EUR": euros}):
        moved = of_each(history)

        assert [one.kind for one in moved["EUR"]] == ["new", "churn"]
        assert [one.kind for one in moved["USD"]] == ["reactivation", "churn", "reactivation"]
        assert [one.delta for one in moved["USD"]] == [one.delta for one in of(dollars)]


def test_a_pause_is_no_churn_and_its_end_no_new_patron() -> None:
    assert kinds(step(0, 500), step(40, 0, paused=True), step(100, 500)) == [
        "new", "paused", "resumed",
    ]  # fmt: skip


def test_a_churn_tells_its_reason() -> None:
    moved = of([step(0, 500), step(40, 0, reason="involuntary")])
    assert moved[-1].reason == "involuntary"


def test_changes_within_an_hour_are_one_movement() -> None:
    hour = 1 / 24
    moved = of([step(0, 500), step(10, 800), step(10 + hour / 2, 300)])
    assert [(m.kind, m.delta) for m in moved] == [("new", 6000), ("contraction", -2400)]


def test_a_renewal_just_before_a_raise_does_not_date_it() -> None:
    minute = 1 / 1440
    raised = 60 + 50 * minute

    moved = of([step(0, 500), step(30, 500), step(60, 500), step(raised, 1000)])

    assert [(one.kind, one.at) for one in moved] == [
        ("new", START), ("expansion", START + timedelta(days=raised)),
    ]  # fmt: skip
    back = step(raised + 12 * minute, 500)
    assert kinds(step(0, 500), step(60, 500), step(raised, 1000), back) == ["new"]


def test_a_change_taken_back_within_the_hour_is_no_movement() -> None:
    assert kinds(step(0, 500), step(10, 800), step(10.01, 500)) == ["new"]


@given(steps)
def test_the_movements_sum_to_the_last_value(history: list[Step]) -> None:
    moved = of(history)
    last: dict[int, int] = {}
    for one in sorted(history, key=lambda s: (s.at, s.cause)):
        last[one.pledge_id] = one.value
    assert sum(m.delta for m in moved) == sum(last.values())
    assert all(m.delta != 0 and m.value_after >= 0 for m in moved)


@given(steps.flatmap(lambda s: st.tuples(st.just(s), st.permutations(s))))
def test_the_order_in_which_history_arrives_changes_nothing(
    both: tuple[list[Step], list[Step]],
) -> None:
    unique = {one.cause: one for one in both[0]}
    shuffled = {one.cause: one for one in both[1] if one == unique[one.cause]}
    if len(shuffled) == len(unique):
        assert of(unique.values()) == of(shuffled.values())


@given(steps)
def test_people_come_before_they_leave(history: list[Step]) -> None:
    balance = 0
    for moved in of(history):
        balance += {"new": 1, "reactivation": 1, "resumed": 1, "churn": -1, "paused": -1}.get(
            moved.kind, 0
        )
        assert balance in (0, 1)
