"""Many who join or are refunded at once, while a round runs, cost no more statements than one."""

from __future__ import annotations

import pytest

from app.membership.models import Pledge
from app.payments import handling
from app.topics.models import RollEntry
from tests.membership.counter import GOOD, Counter
from tests.statements import statements
from tests.topics.scene import Scene

FEW, MANY = 1, 4


@pytest.fixture
def voting(counter: Counter) -> Counter:
    """A round is open, and admits who joins late."""
    scene = Scene(counter.db, counter.clock)
    scene.open_round(scene.topics(2))
    return counter


def pay(counter: Counter, people: int) -> None:
    for number in range(people):
        checkout = counter.begin(email=f"reader{people}-{number}@example.org", amount="5")
        counter.sandbox.pay(checkout, GOOD, name="Ann")


def asked(counter: Counter) -> int:
    """How many statements it takes to handle at once what Stripe has told since."""
    while counter.sandbox.deliver()["sent"]:
        pass
    gateway = counter.work.services["gateway"]
    with statements(counter.db) as seen:
        assert 0 < handling.handle_due(counter.db, gateway, now=counter.clock()) < handling.SMALLEST
    return len(seen)


def refund_all(counter: Counter) -> None:
    for charge in counter.sandbox_list("charge"):
        if not charge["refunded"]:
            counter.sandbox.refund(charge["id"])


def test_as_many_statements_for_many_who_join_or_are_refunded_as_for_one(voting: Counter) -> None:
    counts = []
    for people in (FEW, MANY):
        pay(voting, people)
        joined = asked(voting)
        refund_all(voting)
        counts.append((joined, asked(voting)))

    assert counts[0] == counts[1]
    assert voting.count(Pledge, Pledge.returned_at.is_not(None)) == FEW + MANY
    assert voting.count(RollEntry, RollEntry.removed_reason == "refund") == FEW + MANY
