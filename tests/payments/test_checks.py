"""Each promise about money is noticed when it is broken, and only then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.db import Database
from app.payments import checks, ledger
from app.payments.models import (
    LedgerEntry,
    LedgerTransaction,
    ReconcileFinding,
    ReconcileRun,
    StripeCharge,
    StripeEvent,
    StripeObject,
    StripeRefund,
    Unclaimed,
)
from tests.factories import make_account
from tests.payments.rows import REF, WHEN, charge, invoice, refund, subscription

NOW = WHEN + timedelta(days=1)
Break = Callable[[Session], object]


@pytest.fixture
def sound(db: Database) -> Database:
    """A charge with its refund, somebody else's charge, and everything as it should be."""
    with db.transaction() as session:
        session.add_all(
            [
                charge(amount_refunded=500), refund(), invoice(), subscription(),
                charge("ch_2", invoice_id="in_1"), charge("ch_x", ref=None),
                Unclaimed(stripe_id="ch_x", type="charge", seen_at=WHEN),
                _known("ch_1"), _known("re_1"), _event("evt_1", "re_1", "refund.created"),
            ]
        )  # fmt: skip
        session.flush()
        _book(session)
        ledger.claim(session, {REF: make_account(session, now=WHEN)})
    return db


def _known(object_id: str) -> StripeObject:
    return StripeObject(id=object_id, type="refund", applied_created=WHEN)


def _event(event_id: str, object_id: str, kind: str, state: str = "handled") -> StripeEvent:
    return StripeEvent(
        event_id=event_id, type=kind, created=WHEN, object_id=object_id, body="{}",
        received_at=WHEN, state=state, next_try_at=WHEN,
    )  # fmt: skip


def _book(session: Session) -> None:
    ledger.book(
        session,
        charges=session.scalars(sa.select(StripeCharge)).all(),
        refunds=session.scalars(sa.select(StripeRefund)).all(),
        now=WHEN,
    )


def _number(session: Session, kind: str, source_id: str) -> int:
    wanted = sa.select(LedgerTransaction.id).where(
        LedgerTransaction.kind == kind, LedgerTransaction.source_id == source_id
    )
    return session.scalars(wanted).one()


def _fact(session: Session, kind: str, source_id: str, **values: Any) -> LedgerTransaction:
    plain = {"charge_id": "ch_1", "ref": REF, "account_id": 1, "effective_at": WHEN}
    fact = LedgerTransaction(
        kind=kind, source_id=source_id, booked_at=WHEN, **plain | values
    )  # fmt: skip
    session.add(fact)
    session.flush()
    return fact


def _sides(session: Session, fact: LedgerTransaction, amount: int, currency: str = "EUR") -> None:
    for name, sign in (("patrons", 1), ("stripe", -1)):
        side = {"transaction_id": fact.id, "book": name, "amount": sign * amount}
        session.add(LedgerEntry(currency=currency, **side))


def _unfinished_difference(session: Session) -> None:
    run = ReconcileRun(started_at=WHEN, finished_at=WHEN)
    session.add(run)
    session.flush()
    found = {"kind": "different", "stripe_id": "sub_1", "detail": "status"}
    session.add(ReconcileFinding(run_id=run.id, **found))


def _foreign_money(session: Session) -> None:
    fact = _fact(session, "charge", "ch_x", charge_id="ch_x")
    _sides(session, fact, -500)


def _too_much_back(session: Session) -> None:
    session.add(refund("re_2"))
    _sides(session, _fact(session, "refund", "re_2"), 500)


BREAKS: list[tuple[str, str, Break]] = [
    ("charge_is_booked", "ch_3", lambda s: s.add(charge("ch_3"))),
    ("charge_is_booked", "ch_3", lambda s: s.add(charge("ch_3", ref=None))),
    ("charge_as_at_stripe", "ch_2", lambda s: s.execute(
        sa.update(StripeCharge).where(StripeCharge.id == "ch_2").values(amount=700))),
    ("charge_as_at_stripe", "ch_2", lambda s: s.execute(
        sa.update(StripeCharge).where(StripeCharge.id == "ch_2").values(currency="USD"))),
    ("charge_as_at_stripe", "ch_2", lambda s: s.execute(
        sa.update(StripeCharge).where(StripeCharge.id == "ch_2").values(status="failed"))),
    ("charge_as_at_stripe", "ch_gone", lambda s: _sides(s, _fact(s, "charge", "ch_gone"), -500)),
    ("charge_as_at_stripe", "ch_x", _foreign_money),
    ("money_has_an_owner", "ch_2", lambda s: s.execute(
        sa.update(LedgerTransaction).where(LedgerTransaction.source_id == "ch_2")
        .values(account_id=None))),
    ("paid_invoice_has_charge", "in_2", lambda s: s.add(invoice("in_2"))),
    ("refund_is_booked", "re_2", lambda s: s.add(refund("re_2", of="ch_2"))),
    ("refund_is_booked", "re_1", lambda s: s.execute(
        sa.update(StripeRefund).values(status="failed"))),
    ("refund_as_at_stripe", "re_1", lambda s: s.execute(
        sa.update(StripeRefund).values(amount=400))),
    ("refund_as_at_stripe", "re_no", lambda s: _sides(s, _fact(s, "refund", "re_no"), 1)),
    ("refunds_within_charge", "ch_1", _too_much_back),
    ("refunds_add_up", "ch_1", lambda s: s.execute(
        sa.update(StripeCharge).where(StripeCharge.id == "ch_1").values(amount_refunded=300))),
    ("entries_sum_to_nought", "ch_2", lambda s: s.add(LedgerEntry(
        transaction_id=_number(s, "charge", "ch_2"), book="fees", amount=1, currency="EUR"))),
    ("no_fact_without_sides", "txn_1", lambda s: _fact(s, "fee", "txn_1")),
    ("copy_equals_stripe", "sub_1", _unfinished_difference),
    ("one_living_subscription", "sub_1", lambda s: s.add(subscription("sub_2"))),
    ("nothing_waits", "evt_2", lambda s: s.add(_event("evt_2", "re_1", "refund.created", "new"))),
    ("nothing_waits", "evt_2", lambda s: s.add(
        _event("evt_2", "re_1", "refund.created", "failed"))),
    ("handled_is_applied", "evt_2", lambda s: s.add(_event("evt_2", "re_9", "refund.created"))),
]  # fmt: skip


def broken(db: Database) -> dict[str, list[str]]:
    with db.reading() as session:
        return {name: rows for name, rows in checks.run(session, NOW).items() if rows}


def test_where_all_is_well_nothing_is_reported(sound: Database) -> None:
    assert broken(sound) == {}


def test_every_check_has_a_sentence_that_breaks_it() -> None:
    assert {f"payments.{name}" for name, _, _ in BREAKS} == set(checks.CHECKS)


@pytest.mark.parametrize(("name", "row", "break_it"), BREAKS, ids=[name for name, _, _ in BREAKS])
def test_what_is_broken_is_noticed(sound: Database, name: str, row: str, break_it: Break) -> None:
    with sound.transaction() as session:
        break_it(session)

    assert row in broken(sound).get(f"payments.{name}", [])
