"""A bank debit takes days: it counts from the day on which the money came."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from app.membership.models import Gift, Pledge, Receipt
from app.membership.receipting import written
from app.payments import checks, fees, inbox
from app.payments.models import LedgerTransaction, StripeCharge
from app.reporting import mrr, revenue
from app.reporting.months import Month
from tests.membership.counter import DEBIT, GOOD, Counter

JUNE = Month(2026, 6, "Europe/Kyiv")
ASKED, CAME = datetime(2026, 6, 29, 9, tzinfo=UTC), datetime(2026, 7, 2, 9, tzinfo=UTC)


@pytest.fixture
def summer(counter: Counter) -> Counter:
    """The counter two days before June is over."""
    counter.clock.set(ASKED)
    return counter


def newsroom_sees(counter: Counter) -> list[tuple[int, int]]:
    """What June and July brought, and how many people began in them."""
    months = [JUNE, JUNE.next()]
    with counter.db.reading() as session:
        lines = revenue.by_month(session, months=months, currency="EUR")
        accounts = mrr.accounts(session, months=months, currency="EUR")
    return [
        (line.gross.minor, account.line("new").people)
        for line, account in zip(lines, accounts, strict=True)
    ]


@pytest.mark.parametrize("interval", ["month", "once"])
def test_a_debit_leaves_the_month_alone_in_which_it_was_only_asked_for(
    summer: Counter, interval: str
) -> None:
    summer.sandbox.pay(summer.begin(amount="50", interval=interval), DEBIT, name="Ann")
    summer.settle()
    assert newsroom_sees(summer) == [(0, 0), (0, 0)]

    summer.clock.advance(days=4)
    summer.settle()
    fees.collect(summer.db, summer.work.services["gateway"], now=summer.clock())

    assert newsroom_sees(summer) == [(0, 0), (5000, 1 if interval == "month" else 0)]
    charge = summer.one(StripeCharge)
    assert (charge.created, charge.at) == (ASKED, CAME)
    kept = summer.pledge().started_at if interval == "month" else summer.one(Gift).paid_at
    assert kept == CAME
    paper = written(summer.one(Receipt), charge)
    assert paper.at.astimezone(ZoneInfo("Europe/Kyiv")).month == 7
    with summer.db.reading() as session:
        assert min(session.scalars(sa.select(LedgerTransaction.effective_at))) == CAME
        assert not any(checks.run(session, summer.clock()).values())


def test_a_card_counts_from_its_charge_though_its_event_is_a_second_younger(
    summer: Counter,
) -> None:
    summer.sandbox.pay(summer.begin(amount="5"), GOOD, name="Ann")
    gateway = summer.work.services["gateway"]
    events = [event for page in gateway.pages("event") for event in page]
    with summer.db.transaction() as session:
        later = [event | {"created": event["created"] + 1} for event in events[::-1]]
        inbox.take(session, later, summer.clock())
    summer.settle()

    charge = summer.one(StripeCharge)
    assert charge.at == charge.created == summer.one(Pledge).started_at
    assert newsroom_sees(summer) == [(500, 1), (0, 0)]
