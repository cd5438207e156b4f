"""Who is erased is charged no more: not by a debit on its way, not by a page that is still open."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.accounts import erasing, people
from app.accounts.models import Account
from app.membership.models import Pledge
from app.payments import checks
from app.payments.jobs import _forget as forget_at_stripe
from app.reporting.models import Movement
from tests.membership.counter import ANN, DEBIT, GOOD, Counter
from tests.membership.test_forgetting import told
from tests.membership.test_over import money

NAME = "Ann Able"


def erase(counter: Counter) -> None:
    with counter.db.transaction() as session:
        ann = people.by_email(session, ANN)
        assert ann is not None
        erasing.erase(session, account_id=ann.id, actor_id=None, now=counter.clock())


def statuses(counter: Counter, kind: str) -> list[str]:
    return sorted(one["status"] for one in counter.sandbox_list(kind))


@pytest.mark.parametrize("interval", ["month", "once"])
def test_a_debit_that_arrives_after_they_were_erased_goes_back(
    counter: Counter, interval: str
) -> None:
    counter.sandbox.pay(counter.begin(amount="50", interval=interval), DEBIT, name=NAME)
    counter.settle()
    erase(counter)
    counter.settle()
    for _ in range(40):
        counter.clock.advance(days=1)
        counter.settle()

    assert money(counter) == [(5000, 5000)]
    assert set(statuses(counter, "subscription")) <= {"canceled"}
    assert counter.count(Movement) == 0
    assert told(counter, ANN, NAME) == []


def test_a_page_to_pay_on_that_is_still_open_is_closed(counter: Counter) -> None:
    counter.become_patron(amount="20", interval="once")
    counter.begin(amount="5")
    erase(counter)
    counter.settle()

    assert statuses(counter, "checkout.session") == ["complete", "expired"]
    assert money(counter) == [(2000, 0)]


@pytest.mark.parametrize("interval", ["month", "once"])
def test_what_is_paid_on_it_before_it_closes_goes_back_and_nobody_is_made(
    counter: Counter, interval: str
) -> None:
    counter.become_patron(amount="20", interval="once")
    checkout = counter.begin(amount="50", interval=interval)
    erase(counter)
    counter.sandbox.pay(checkout, GOOD, name=NAME)
    counter.settle()
    counter.clock.advance(hours=26)
    counter.settle()

    assert counter.count(Account) == 1
    assert counter.count(Account, Account.erased_at.is_not(None), Account.name.is_(None)) == 1
    assert money(counter) == [(2000, 0), (5000, 5000)]
    assert set(statuses(counter, "subscription")) <= {"canceled"}
    assert counter.count(Pledge, Pledge.state != "duplicate") == 0
    assert told(counter, ANN, NAME) == []
    with counter.db.reading() as session:
        broken = checks.run(session, counter.clock())
        assert {name: rows for name, rows in broken.items() if rows} == {}
        assert session.scalar(sa.select(sa.func.count()).select_from(Movement)) == 0


def test_closing_a_page_twice_is_no_error(counter: Counter) -> None:
    checkout = counter.begin(amount="5")
    asked = {"refs": [], "customers": [], "checkouts": [checkout]}
    for _ in range(2):
        forget_at_stripe(counter.work, asked)
    assert statuses(counter, "checkout.session") == ["expired"]
