"""Gross to net by month, from the ledger."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random

import pytest
import sqlalchemy as sa

from app.core.db import Database
from app.core.money import Money
from app.membership.models import SignUp
from app.payments import ledger
from app.payments.models import LedgerTransaction
from app.reporting import checks, revenue
from app.reporting.models import RevenueHour
from app.reporting.months import Month, last_months, month_of
from tests.payments.rows import REF, WHEN, charge, moved, refund

MAY = Month(2026, 5, "Europe/Kyiv")
ZONES = ("UTC", "Europe/Kyiv", "Asia/Kathmandu")


def test_the_net_of_a_currency_is_without_its_fees_where_stripe_exchanges_it(db: Database) -> None:
    charges = [
        charge("ch_1", amount=1000, currency="USD"),
        charge("ch_2", amount=1000, currency="USD"),
        charge("ch_3"),
    ]
    back = refund(of="ch_2", amount=200, currency="USD")
    fees = [
        moved("txn_1", amount=920, fee=40, net=880),
        moved("txn_2", source="ch_2", amount=900, fee=40, net=860),
        moved("txn_3", source="ch_3"),
        moved("txn_4", source="re_1", type="refund", amount=-184, fee=0, net=-184),
    ]
    with db.transaction() as session:
        session.add_all([*charges, back, *fees])
        session.flush()
        ledger.book(session, charges=charges, refunds=[back], now=WHEN)

    with db.reading() as session:
        [dollars] = revenue.by_month(session, months=[MAY], currency="USD")
        [euros] = revenue.by_month(session, months=[MAY], currency="EUR")

    assert (dollars.gross, dollars.refunds) == (Money(2000, "USD"), Money(200, "USD"))
    assert dollars.fees == Money(43 + 44, "USD")
    assert dollars.net == Money(2000 - 200 - 87, "USD")
    assert (euros.gross, euros.fees, euros.net) == (
        Money(500, "EUR"), Money(30, "EUR"), Money(470, "EUR"),
    )  # fmt: skip


@pytest.fixture
def booked(db: Database) -> None:
    """Four months of charges, gifts, refunds and fees, some of them in the last hour of a month."""
    chance = Random(5)
    edges = [month.start for zone in ZONES for month in last_months(WHEN, zone, 3)]
    times = [edge + timedelta(minutes=minutes) for edge in edges for minutes in (-1, 0, 14, 44)]
    times += [WHEN - timedelta(seconds=chance.randrange(120 * 86400)) for _ in range(40)]
    gift = "00000000-0000-4000-8000-00000000bbbb"
    charges = [
        charge(f"ch_{i}", created=at, amount=i + 1, ref=gift if i % 3 else REF,
               currency="UAH" if i % 5 == 0 else "EUR")
        for i, at in enumerate(times)
    ]  # fmt: skip
    back = [
        refund(f"re_{one.id}", of=one.id, amount=1, currency=one.currency,
               created=one.created + timedelta(days=3))
        for one in charges[::4]
    ]  # fmt: skip
    costs = [
        moved(f"txn_{one.id}", source=one.id, amount=one.amount, fee=1, net=one.amount - 1,
              currency=one.currency, created=one.created)
        for one in charges[1::2]
    ]  # fmt: skip
    with db.transaction() as session:
        session.add(
            SignUp(
                ref=gift, form_key="form", idempotency_key="key", email="", email_key="",
                language="en", interval="once", currency="EUR", amount=1, fee_cover=0,
                consents=[], created_at=WHEN,
            )
        )  # fmt: skip
        session.add_all([*charges, *back, *costs])
        session.flush()
        ledger.book(session, charges=charges, refunds=back, now=WHEN)


def singly(db: Database, zone: str, currency: str) -> Counter[tuple[Month, str]]:
    """The same, one entry after the other."""
    sums: Counter[tuple[Month, str]] = Counter()
    with db.reading() as session:
        for known, at, line, amount in session.execute(revenue.lines()):
            if known == currency:
                sums[month_of(at, zone), line] += abs(amount)
    return sums


@pytest.mark.usefixtures("booked")
@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("currency", ["EUR", "UAH"])
def test_a_month_is_the_sum_of_what_was_booked_in_it(
    db: Database, zone: str, currency: str
) -> None:
    wanted = singly(db, zone, currency)
    months = last_months(WHEN, zone, 4)

    with db.reading() as session:
        lines = revenue.by_month(session, months=months[:-1], currency=currency)
        lines += revenue.by_month(session, months=months[-1:], currency=currency)

    assert [month for month in months if wanted[month, "one_time"]]
    for line in lines:
        for name in ("recurring", "one_time", "refunds", "fees"):
            assert getattr(line, name).minor == wanted[line.month, name], (line.month, name)


@pytest.mark.usefixtures("booked")
def test_the_sums_follow_a_day_that_is_learned_later(db: Database) -> None:
    later = WHEN + timedelta(days=40)
    with db.transaction() as session:
        wanted = LedgerTransaction.source_id.in_(("ch_1", "txn_ch_1"))
        session.execute(sa.update(LedgerTransaction).where(wanted).values(effective_at=later))

    with db.reading() as session:
        assert checks.run(session, later)["Revenue by hour is a recount"] == []
        [june] = revenue.by_month(session, months=[MAY.next()], currency="EUR")
    assert (june.gross, june.fees) == (Money(2, "EUR"), Money(1, "EUR"))


@pytest.mark.usefixtures("booked")
def test_a_sum_of_revenue_that_is_none_is_noticed(db: Database) -> None:
    hour = sa.select(sa.func.min(RevenueHour.hour)).scalar_subquery()
    with db.transaction() as session:
        session.execute(sa.delete(RevenueHour).where(RevenueHour.hour == hour))

    with db.reading() as session:
        assert len(checks.run(session, WHEN)["Revenue by hour is a recount"]) >= 1
