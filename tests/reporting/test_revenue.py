"""Gross to net by month, from the ledger."""

from __future__ import annotations

from app.core.db import Database
from app.core.money import Money
from app.payments import ledger
from app.reporting import revenue
from app.reporting.months import Month
from tests.payments.rows import WHEN, charge, moved, refund

MAY = Month(2026, 5, "Europe/Kyiv")


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
