"""The ledger: each fact once, in two sides that cancel out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, IntegrityError

from app.core.db import Database
from app.payments import fees, gateway, ledger
from app.payments.models import (
    LedgerEntry,
    LedgerTransaction,
    StripeBalanceTransaction,
    StripeCharge,
    StripeRefund,
    SyncMark,
)
from tests.factories import make_account
from tests.payments.rows import REF, WHEN, charge, moved, refund
from tests.payments.till import Till

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from tests.clocks import FixedClock

Sides = dict[tuple[str, str], int]


def book(db: Database, *rows: Any) -> None:
    """Write rows of the mirror, then book all that is in it."""
    with db.transaction() as session:
        session.add_all(rows)
        session.flush()
        _book_all(session)


def _book_all(session: Session) -> None:
    charges = session.scalars(sa.select(StripeCharge)).all()
    refunds = session.scalars(sa.select(StripeRefund)).all()
    ledger.book(session, charges=charges, refunds=refunds, now=WHEN)


def sides(db: Database, kind: str) -> Sides:
    """The sides of the booked facts of a kind, by book and currency."""
    wanted = (
        sa.select(LedgerEntry)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(LedgerTransaction.kind == kind)
    )
    found: Counter[tuple[str, str]] = Counter()
    with db.reading() as session:
        for entry in session.scalars(wanted):
            found[entry.book, entry.currency] += entry.amount
    return dict(found)


def facts(db: Database) -> list[tuple[str, str]]:
    with db.reading() as session:
        rows = session.scalars(sa.select(LedgerTransaction).order_by(LedgerTransaction.id))
        return [(row.kind, row.source_id) for row in rows]


def test_a_charge_is_booked_once_however_often_it_is_told(db: Database) -> None:
    book(db, charge())
    book(db)
    book(db)

    assert facts(db) == [("charge", "ch_1")]
    assert sides(db, "charge") == {("patrons", "EUR"): -500, ("stripe", "EUR"): 500}


def test_only_money_that_came_is_booked(db: Database) -> None:
    book(db, charge("ch_1", status="failed"), charge("ch_2", status="pending"))

    assert facts(db) == []


def test_money_that_is_not_ours_is_not_booked(db: Database) -> None:
    book(db, charge(ref=None))

    assert facts(db) == []


def test_what_was_known_before_a_charge_is_ours_is_booked_with_it(db: Database) -> None:
    book(db, charge(ref=None), refund(), moved())
    with db.transaction() as session:
        session.get_one(StripeCharge, "ch_1").ref = REF
        session.flush()
        _book_all(session)

    assert Counter(facts(db)) == Counter([("charge", "ch_1"), ("refund", "re_1"), ("fee", "txn_1")])


def test_a_refund_takes_back_what_it_gives_back(db: Database) -> None:
    book(db, charge(), refund(amount=200))

    assert sides(db, "refund") == {("patrons", "EUR"): 200, ("stripe", "EUR"): -200}


def test_a_refund_on_its_way_is_not_booked_yet(db: Database) -> None:
    book(db, charge(), refund(status="pending", was_succeeded=False))

    assert facts(db) == [("charge", "ch_1")]


def test_a_refund_that_came_back_is_booked_both_ways(db: Database) -> None:
    book(db, charge(), refund(status="failed"))

    assert facts(db) == [("charge", "ch_1"), ("refund", "re_1"), ("refund_failed", "re_1")]
    with db.reading() as session:
        assert ledger.totals(session) == {"EUR": {"patrons": -500, "stripe": 500}}


def test_the_day_a_refund_came_back_is_corrected_when_it_is_learned(
    db: Database, clock: FixedClock
) -> None:
    book(db, charge(), refund(status="failed"))
    with db.transaction() as session:
        session.get_one(StripeRefund, "re_1").failed_at = clock()
        session.flush()
        _book_all(session)

    wanted = sa.select(LedgerTransaction).where(LedgerTransaction.kind == "refund_failed")
    with db.reading() as session:
        assert session.scalars(wanted).one().effective_at == clock()


def test_a_fee_lowers_what_we_have_at_stripe(db: Database) -> None:
    book(db, moved(), charge())

    assert sides(db, "fee") == {("stripe", "EUR"): -30, ("fees", "EUR"): 30}


def test_a_movement_without_a_fee_is_no_fact(db: Database) -> None:
    book(db, moved(fee=0, net=500), charge())

    assert facts(db) == [("charge", "ch_1")]


def test_exchange_joins_two_currencies_and_sums_to_nought_in_each(db: Database) -> None:
    charged = charge(amount=9000, currency="UAH")
    back = refund(amount=9000, currency="UAH")
    book(
        db,
        moved("txn_1", amount=186, fee=28, net=158),
        moved("txn_2", source="re_1", type="refund", amount=-180, fee=0, net=-180),
        charged,
        back,
    )

    assert sides(db, "fee") == {
        ("stripe", "UAH"): 0, ("fees", "UAH"): 1355, ("exchange", "UAH"): -1355,
        ("exchange", "EUR"): 22, ("stripe", "EUR"): -22,
    }  # fmt: skip
    with db.reading() as session:
        for books in ledger.totals(session).values():
            assert sum(books.values()) == 0


def test_a_fee_counts_in_the_currency_that_was_paid_and_the_balance_is_stripes(
    db: Database,
) -> None:
    book(db, charge(amount=1000, currency="USD"), moved(amount=920, fee=40, net=880))

    with db.reading() as session:
        assert ledger.totals(session) == {
            "USD": {"patrons": -1000, "stripe": 0, "fees": 43, "exchange": 957},
            "EUR": {"stripe": 880, "exchange": -880},
        }


def test_money_that_changes_into_less_than_the_smallest_coin_is_lost_in_the_exchange(
    db: Database,
) -> None:
    book(db, charge(amount=1, currency="UAH"), moved(amount=0, fee=25, net=-25))

    with db.reading() as session:
        assert ledger.totals(session) == {
            "UAH": {"patrons": -1, "stripe": 0, "exchange": 1},
            "EUR": {"stripe": -25, "exchange": 25},
        }


def test_a_debit_and_its_fee_are_of_the_day_the_money_came_even_where_that_is_learned_late(
    db: Database, clock: FixedClock
) -> None:
    book(db, charge(), moved())
    with db.transaction() as session:
        session.get_one(StripeCharge, "ch_1").came_at = clock()
        session.flush()
        _book_all(session)

    with db.reading() as session:
        days = set(session.scalars(sa.select(LedgerTransaction.effective_at)))
    assert days == {clock()}


def test_money_goes_to_the_account_that_claims_its_reference(
    db: Database, clock: FixedClock
) -> None:
    book(db, charge())
    with db.transaction() as session:
        account_id = make_account(session, now=clock())
        ledger.claim(session, {REF: account_id})
    book(db, charge("ch_2"))

    with db.reading() as session:
        owners = set(session.scalars(sa.select(LedgerTransaction.account_id)))
    assert owners == {account_id}


def test_the_database_refuses_a_second_booking_and_any_change(db: Database) -> None:
    book(db, charge())
    twin = LedgerTransaction(kind="charge", source_id="ch_1", effective_at=WHEN, booked_at=WHEN)

    with pytest.raises(IntegrityError), db.transaction() as session:
        session.add(twin)
    with pytest.raises(DatabaseError), db.transaction() as session:
        session.execute(sa.update(LedgerEntry).values(amount=1))
    with pytest.raises(DatabaseError), db.transaction() as session:
        session.execute(sa.delete(LedgerEntry))


def test_the_database_refuses_more_refunded_than_charged(db: Database) -> None:
    with pytest.raises(IntegrityError):
        book(db, charge(amount_refunded=501))


def test_fees_are_listed_a_hundred_at_a_time_and_booked_once(
    till: Till, db: Database, clock: FixedClock
) -> None:
    for _ in range(3):
        till.buy()
    clock.advance(minutes=1)
    till.catch_up()
    till.sandbox.counts(reset=True)

    assert fees.collect(db, till.gateway, now=clock()) == 3
    assert fees.collect(db, till.gateway, now=clock()) == 0
    assert till.sandbox.counts()["routes"] == {"GET /v1/balance_transactions": 2}
    assert sides(db, "fee")["fees", "EUR"] == till.sandbox.books()["eur"]["fees"]
    assert [kind for kind, _ in facts(db)].count("fee") == 3


def test_what_settles_in_another_currency_ends_in_stripes_own_books(
    till: Till, db: Database, clock: FixedClock
) -> None:
    till.sandbox.knobs(settlement="eur")
    till.buy()
    abroad = [till.buy(total=1000, currency=code, interval=None) for code in ("USD", "UAH")]
    clock.advance(minutes=1)
    till.catch_up()
    clock.advance(days=2)  # another day has another rate
    intent = till.gateway.retrieve("payment_intent", abroad[0]["payment_intent"])
    assert intent is not None
    till.sandbox.refund(intent["latest_charge"], 400)
    till.catch_up()
    fees.collect(db, till.gateway, now=clock())

    with db.reading() as session:
        totals = ledger.totals(session)
    assert totals["EUR"]["stripe"] == till.sandbox.books()["eur"]["net"]
    for code, kept in (("USD", 600), ("UAH", 1000)):
        assert totals[code]["patrons"] == -kept
        assert (totals[code]["stripe"], totals[code]["fees"] > 0) == (0, True)
    assert {sum(books.values()) for books in totals.values()} == {0}


def test_a_day_of_fees_is_read_once_and_not_again_every_ten_minutes(
    till: Till, db: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "PAGE", 2)
    for _ in range(6):
        till.buy()
    clock.advance(minutes=1)
    fees.collect(db, till.gateway, now=clock())
    till.buy()
    clock.advance(minutes=10)
    till.sandbox.counts(reset=True)

    assert fees.collect(db, till.gateway, now=clock()) == 1
    assert till.sandbox.counts()["reads"] == 2
    assert fees.collect(db, till.gateway, now=clock()) == 0
    assert till.sandbox.counts()["reads"] == 3
    assert fees.collect(db, till.gateway, now=clock(), reach="overlap") == 0
    assert till.sandbox.counts()["reads"] == 7


def test_what_was_missed_behind_a_known_page_is_found_at_night(
    till: Till, db: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "PAGE", 1)
    for _ in range(3):
        till.buy()
        clock.advance(minutes=1)
    fees.collect(db, till.gateway, now=clock())
    with db.transaction() as session:
        oldest = sa.select(sa.func.min(StripeBalanceTransaction.created)).scalar_subquery()
        late = StripeBalanceTransaction.created == oldest
        session.execute(sa.delete(StripeBalanceTransaction).where(late))

    assert fees.collect(db, till.gateway, now=clock()) == 0
    assert fees.collect(db, till.gateway, now=clock(), reach="overlap") == 1


def test_fees_that_were_listed_before_the_charge_was_told_are_booked_with_it(
    till: Till, db: Database, clock: FixedClock
) -> None:
    till.buy()
    clock.advance(minutes=1)
    fees.collect(db, till.gateway, now=clock())
    assert facts(db) == []

    till.catch_up()

    assert sorted(kind for kind, _ in facts(db)) == ["charge", "fee"]


def test_a_walk_that_was_cut_short_begins_again(
    till: Till, db: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.buy()
    clock.advance(minutes=1)
    till.catch_up()
    monkeypatch.setattr(till.gateway, "pages", _cut(till.gateway.pages))
    with pytest.raises(ConnectionError):
        fees.collect(db, till.gateway, now=clock())
    with db.reading() as session:
        assert session.get(SyncMark, fees.NAME) is None
        assert session.scalar(sa.select(sa.func.count(StripeBalanceTransaction.id))) == 1
    monkeypatch.undo()

    fees.collect(db, till.gateway, now=clock())

    assert sorted(kind for kind, _ in facts(db)) == ["charge", "fee"]


def _cut(pages: Any) -> Any:
    def cut(kind: str, **params: Any) -> Any:
        yield next(pages(kind, **params))
        raise ConnectionError

    return cut
