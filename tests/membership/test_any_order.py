"""In whatever order Stripe tells, and however often: the same pledge, history and figures."""

from __future__ import annotations

import random
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.core import jobs
from app.core.db import Base
from app.membership.models import Consent, Gift, Pledge, PledgeChange, SignUp
from app.payments import handling, inbox
from app.payments.models import LedgerTransaction
from app.reporting.models import Movement
from tests.membership.counter import ANN, DEBIT, GOOD, Counter

TABLES: list[type[Base]] = [SignUp, Pledge, PledgeChange, Gift, Consent, Movement]
LEFT_OUT = {"id", "pledge_id", "finished_at"}


@pytest.fixture(params=["sqlite"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """The database is put back by copying its file; orders on both engines stand in payments."""
    return str(request.param)


@pytest.fixture
def orders(in_full: bool) -> int:
    return 120 if in_full else 12


def hear(counter: Counter, events: list[dict[str, Any]]) -> None:
    """Take each event in and handle it before the next one comes."""
    gateway = counter.house.services["gateway"]
    now = counter.clock()
    for event in events:
        with counter.db.transaction() as session:
            inbox.take(session, [event], now)
        handling.handle_due(counter.db, gateway, now=now)
    later = now + timedelta(minutes=10)
    while handling.handle_due(counter.db, gateway, now=later):
        pass
    jobs.run_due(counter.work)


def rows(counter: Counter) -> dict[str, list[tuple[str, ...]]]:
    """All that is known, without the numbers of rows."""
    with counter.db.reading() as session:
        found = {
            table.__tablename__: sorted(
                tuple(
                    str(getattr(row, column.key))
                    for column in table.__table__.columns
                    if column.key not in LEFT_OUT
                )
                for row in session.scalars(sa.select(table))
            )
            for table in TABLES
        }
        booked = sa.select(LedgerTransaction.source_id).where(
            LedgerTransaction.account_id.is_(None)
        )
        days = sa.select(LedgerTransaction.source_id, LedgerTransaction.effective_at)
        found["dated"] = sorted((key, str(at)) for key, at in session.execute(days))
        return found | {"without an owner": [(row,) for row in session.scalars(booked)]}


def in_any_order(counter: Counter, orders: int) -> None:
    """Hear the events in order, then in many others, each from the same beginning."""
    path = counter.db.url.database or ""
    counter.db.dispose()
    shutil.copyfile(path, f"{path}.before")
    events = counter.events()
    hear(counter, events)
    wanted = rows(counter)
    assert wanted["pledge"] or wanted["gift"]
    for seed in range(orders):
        counter.db.dispose()
        for leftover in (f"{path}-wal", f"{path}-shm"):
            Path(leftover).unlink(missing_ok=True)
        shutil.copyfile(f"{path}.before", path)
        assert rows(counter)["pledge_change"] == []
        shuffled = events + random.Random(seed).sample(events, len(events) // 3)
        random.Random(seed).shuffle(shuffled)
        hear(counter, shuffled)
        assert rows(counter) == wanted, f"seed {seed}"


def test_of_a_pledge_that_failed_recovered_was_raised_and_stopped(
    counter: Counter, orders: int
) -> None:
    checkout = counter.begin(amount="5", on_wall="1")
    paid = counter.sandbox.pay(checkout, GOOD, name="Ann", after_first="insufficient_funds")
    counter.clock.advance(days=33)
    counter.sandbox.replace_method(paid["customer"], GOOD, pay_open=True)
    subscription = counter.sandbox_list("subscription")[0]
    item = subscription["items"]["data"][0]
    counter.clock.advance(days=3)
    gateway = counter.house.services["gateway"]
    gateway.change_amount(
        key="raise", subscription_id=subscription["id"], item_id=item["id"],
        product_id=item["price"]["product"], currency="EUR", interval="month", total=800,
    )  # fmt: skip
    counter.clock.advance(days=40)
    counter.sandbox.refund(counter.sandbox_list("charge")[-1]["id"], 100)
    gateway.stop_at_period_end(key="stop", subscription_id=subscription["id"], stop=True)
    counter.clock.advance(days=40)

    in_any_order(counter, orders)


def test_of_a_debit_that_takes_days_and_is_refunded(counter: Counter, orders: int) -> None:
    checkout = counter.begin(amount="5")
    counter.sandbox.pay(checkout, DEBIT, name="Ann")
    counter.clock.advance(days=4)
    counter.sandbox.refund(counter.sandbox_list("charge")[0]["id"])

    in_any_order(counter, orders)


def test_of_a_gift_that_is_given_back(counter: Counter, orders: int) -> None:
    checkout = counter.begin(amount="50", interval="once", credit_me="1", email=ANN)
    counter.sandbox.pay(checkout, GOOD, name="Ann")
    counter.clock.advance(days=1)
    counter.sandbox.refund(counter.sandbox_list("charge")[0]["id"])

    in_any_order(counter, orders)


def test_of_a_gift_by_debit(counter: Counter, orders: int) -> None:
    checkout = counter.begin(amount="50", interval="once", email=ANN)
    counter.sandbox.pay(checkout, DEBIT, name="Ann")
    counter.clock.advance(days=4)

    in_any_order(counter, orders)
