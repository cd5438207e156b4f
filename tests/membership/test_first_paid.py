"""Of several pledges of one person the first that was paid runs, in whatever order it is told."""

from __future__ import annotations

import random
from typing import Any

import pytest

from app.core import jobs
from app.membership.models import Consent, Pledge
from app.payments import handling, inbox
from app.reporting.models import Movement
from tests.membership.counter import DEBIT, GOOD, Counter

IN_ORDER, OTHER_FIRST, BACKWARDS = "in order", "the other first", "backwards"
SHUFFLED = ("g", "m")  # seeds; in g the first one's invoice is told long before its charge


@pytest.fixture(params=["sqlite"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """Which of them runs is decided in Python; orders on both engines stand in payments."""
    return str(request.param)


def in_some_order(events: list[dict[str, Any]], how: str) -> list[dict[str, Any]]:
    """The events of two sign-ups, the second's begun at the second checkout that was completed."""
    if how == OTHER_FIRST:
        kinds = [event["type"] for event in events]
        begin = kinds.index("customer.created", kinds.index("customer.created") + 1)
        first = {event["data"]["object"]["id"] for event in events[:begin]}
        return sorted(events, key=lambda event: event["data"]["object"]["id"] in first)
    if how == BACKWARDS:
        return events[::-1]
    if how != IN_ORDER:
        random.Random(how).shuffle(events)
    return events


def hear(counter: Counter, events: list[dict[str, Any]]) -> None:
    """Take each event in, handle it, and do what follows, before the next one comes."""
    for event in events:
        with counter.db.transaction() as session:
            inbox.take(session, [event], counter.clock())
        handling.handle_due(counter.db, counter.work.services["gateway"], now=counter.clock())
        jobs.run_due(counter.work)
    counter.clock.advance(minutes=10)
    counter.settle()


@pytest.mark.parametrize("how", [IN_ORDER, OTHER_FIRST, BACKWARDS, *SHUFFLED])
@pytest.mark.parametrize("means", [GOOD, DEBIT])
def test_of_two_that_are_paid_the_first_runs_and_the_other_goes_back(
    counter: Counter, means: str, how: str
) -> None:
    one, other = counter.begin(amount="5", on_wall="1"), counter.begin(amount="10")
    counter.sandbox.pay(one, means, name="Ann")
    counter.clock.advance(minutes=1)
    counter.sandbox.pay(other, means, name="Ann")
    counter.clock.advance(days=4)

    hear(counter, in_some_order(counter.events(), how))

    assert counter.pledge(Pledge.state == "active").total == 500
    assert counter.pledge(Pledge.state == "duplicate").total == 1000
    charges = counter.sandbox_list("charge")
    assert [(each["amount"], each["amount_refunded"]) for each in charges] == [
        (500, 0), (1000, 1000),
    ]  # fmt: skip
    statuses = [each["status"] for each in counter.sandbox_list("subscription")]
    assert statuses == ["active", "canceled"]
    assert counter.count(Movement) == 1
    assert counter.one(Consent).kind == "on_wall"
    assert len(counter.mails("second_pledge")) == 1
