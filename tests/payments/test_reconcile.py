"""Comparing with Stripe: what is found, what is repaired, and that it is repaired once."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from app.core.db import Database
from app.payments import changes, checks, gateway, inbox, ledger, reconcile, requesting
from app.payments.gateway import StripeUnavailable
from app.payments.models import (
    ReconcileFinding,
    ReconcileRun,
    StripeCharge,
    StripeEvent,
    StripeInvoice,
    StripeRefund,
    StripeSubscription,
    Unclaimed,
)
from tests.payments.recording import told
from tests.payments.rows import charge, subscription
from tests.payments.till import GOOD, Till

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from app.payments.changes import Change
    from tests.clocks import FixedClock


@pytest.fixture(autouse=True)
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Change]:
    """What upper rooms are told, without them."""
    told_of: list[Change] = []

    def listen(_session: Session, told: Sequence[Change]) -> None:
        told_of.extend(told)

    monkeypatch.setattr(changes, "on_change", [listen])
    return told_of


def compare(till: Till, **how: Any) -> list[tuple[str, str]]:
    """One run; what it found, by kind and id."""
    done = reconcile.run(till.db, till.gateway, now=till.clock(), pause=0, **how)
    return [(one.kind, one.stripe_id) for one in done.findings]


def a_month(till: Till) -> None:
    """Some patrons, a gift, a refund, a renewal, a failure."""
    till.buy()
    till.buy(total=700, after_first="insufficient_funds")
    once = till.buy(interval=None, total=2000)
    till.clock.advance(days=1)
    intent = till.gateway.retrieve("payment_intent", once["payment_intent"])
    assert intent is not None
    till.sandbox.refund(intent["latest_charge"], 500)
    till.clock.advance(days=31, hours=2)


def test_where_nothing_was_lost_nothing_is_found(till: Till, clock: FixedClock) -> None:
    till.buy()
    clock.advance(days=1)
    till.catch_up()

    assert compare(till) == []


def test_when_every_webhook_was_lost_one_run_brings_all_back(
    till: Till, db: Database, clock: FixedClock
) -> None:
    a_month(till)

    found = compare(till)
    first = told(db)
    again = compare(till)

    assert {kind for kind, _ in found} == {"missing"}
    assert again == []
    assert told(db) == first
    with db.reading() as session:
        totals = ledger.totals(session)["EUR"]
        broken = {name for name, rows in checks.run(session, clock()).items() if rows}
    book = till.sandbox.books()["eur"]
    assert -totals["patrons"] == book["charges"] + book["unbooked"] - book["refunds"]
    assert totals["fees"] == book["fees"]
    assert broken <= {"payments.money_has_an_owner"}


def test_lost_events_are_taken_page_by_page(
    till: Till, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    real = inbox.take

    def take(session: Session, events: Sequence[Any], now: datetime) -> None:
        taken.append(len(events))
        real(session, events, now)

    monkeypatch.setattr(inbox, "take", take)
    monkeypatch.setattr(gateway, "PAGE", 3)
    a_month(till)

    found = compare(till)

    lost = [stripe_id for _, stripe_id in found if stripe_id.startswith("evt_")]
    assert (sum(taken), max(taken)) == (len(lost), 3)
    with db.reading() as session:
        assert session.query(ReconcileFinding).count() == len(found)


def test_when_a_third_was_lost_the_end_is_the_same_as_when_none_was(
    till: Till, db: Database
) -> None:
    a_month(till)
    chance = random.Random(7)
    events = [event for page in till.gateway.pages("event") for event in page][::-1]
    with db.transaction() as session:
        inbox.take(session, [one for one in events if chance.random() > 0.3], till.clock())
    while inbox.handle_due(db, till.gateway, now=till.clock()):
        pass

    compare(till)

    with db.reading() as session:
        charges = session.scalars(sa.select(StripeCharge)).all()
        invoices = session.scalars(sa.select(StripeInvoice)).all()
        states = set(session.scalars(sa.select(StripeEvent.state)))
    assert {one.status for one in charges if one.ref is None} == {"failed"}
    assert len(charges) == 5
    assert sorted(one.status or "" for one in invoices) == ["open", "paid", "paid", "paid"]
    assert states <= {"handled", "ignored"}


def test_events_older_than_stripe_lists_are_made_up_for_by_comparing(
    till: Till, db: Database, clock: FixedClock, heard: list[Change]
) -> None:
    bought = till.buy()
    clock.advance(days=45)  # the events of the first month are gone, and no webhook ever came
    with db.transaction() as session:
        session.execute(sa.delete(StripeEvent))

    found = compare(till)

    assert ("missing", bought["subscription"]) not in found, "its renewal told of it"
    assert compare(till) == []
    with db.reading() as session:
        paid = session.scalars(sa.select(StripeCharge).where(StripeCharge.ref.is_not(None))).all()
        assert len(paid) == 2
        assert session.scalars(sa.select(Unclaimed)).all() == []
    assert any(one.event_id.startswith("reconcile:") for one in heard)


def test_what_differs_is_told_and_repaired(
    till: Till, db: Database, clock: FixedClock, heard: list[Change]
) -> None:
    subscription_id = till.buy()["subscription"]
    clock.advance(days=1)
    till.catch_up()
    heard.clear()
    with db.transaction() as session:
        session.execute(sa.update(StripeSubscription).values(status="canceled", amount=1))

    found = compare(till)

    assert found == [("different", subscription_id)]
    with db.reading() as session:
        assert session.get_one(StripeSubscription, subscription_id).status == "active"
        finding = session.scalars(sa.select(ReconcileFinding)).one()
    assert finding.detail == "subscription differs in amount, status"
    assert finding.repaired_at == clock()
    [change] = heard
    assert change.seen is not None
    assert change.seen.status == "active"


def test_a_run_that_only_looks_changes_nothing(till: Till, db: Database, clock: FixedClock) -> None:
    subscription_id = till.buy()["subscription"]
    clock.advance(days=1)
    till.catch_up()
    till.buy()
    clock.advance(hours=1)
    with db.transaction() as session:
        session.execute(sa.update(StripeSubscription).values(status="canceled"))

    found = compare(till, repair=False)

    assert ("different", subscription_id) in found
    assert "missing" in {kind for kind, _ in found}
    with db.reading() as session:
        assert session.get_one(StripeSubscription, subscription_id).status == "canceled"
        broken = checks.run(session, clock())["payments.copy_equals_stripe"]
    assert subscription_id in broken


def test_what_only_we_have_is_extra(till: Till, db: Database, clock: FixedClock) -> None:
    with db.transaction() as session:
        session.add_all([charge("ch_ghost", ref=None), subscription("sub_ghost")])

    found = compare(till)

    assert ("extra", "sub_ghost") in found
    assert ("extra", "ch_ghost") in found


def test_two_living_subscriptions_of_one_sign_up_are_found(till: Till, db: Database) -> None:
    with db.transaction() as session:
        session.add_all([subscription("sub_1"), subscription("sub_2")])

    assert ("duplicate", "sub_1") in compare(till)


def test_an_invoice_that_two_charges_paid_for_is_found(till: Till, db: Database) -> None:
    with db.transaction() as session:
        session.add_all([charge("ch_1", invoice_id="in_1"), charge("ch_2", invoice_id="in_1")])

    assert ("duplicate", "ch_1") in compare(till)


def test_a_renewal_that_was_due_and_did_not_come_raises_the_alarm(
    till: Till, db: Database, clock: FixedClock
) -> None:
    subscription_id = till.buy()["subscription"]
    till.catch_up()
    with db.transaction() as session:
        late = clock() - timedelta(days=5)
        session.execute(sa.update(StripeSubscription).values(current_period_end=late))

    done = reconcile.run(till.db, till.gateway, now=clock(), repair=False, pause=0)

    stuck = [one for one in done.findings if one.kind == "stuck"]
    assert [one.stripe_id for one in stuck] == [subscription_id]
    assert "was due to renew" in stuck[0].detail


def test_what_waits_for_too_long_is_stuck(till: Till, db: Database, clock: FixedClock) -> None:
    with db.transaction() as session:
        requesting.keep(
            session, action="refund", target="ch_1", params={}, now=clock(), key="lost"
        )  # fmt: skip
    clock.advance(hours=1)

    assert ("stuck", "ch_1") in compare(till)


def test_money_without_our_reference_is_named_once(till: Till, clock: FixedClock) -> None:
    client: Any = till.gateway._client
    price = {"currency": "eur", "unit_amount": 900, "product_data": {"name": "Mug"}}
    session = client.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "line_items": [{"quantity": 1, "price_data": price}],
            "success_url": "http://localhost/",
        }
    )
    till.sandbox.pay(session.id, GOOD, email="shop@example.org")
    clock.advance(hours=1)

    assert "unclaimed" in {kind for kind, _ in compare(till)}
    clock.advance(days=1)
    assert "unclaimed" not in {kind for kind, _ in compare(till)}


def test_a_refund_made_on_the_dashboard_is_found(till: Till, db: Database) -> None:
    once = till.buy(interval=None, total=2000)
    till.clock.advance(hours=1)
    compare(till)
    intent = till.gateway.retrieve("payment_intent", once["payment_intent"])
    assert intent is not None
    till.sandbox.refund(intent["latest_charge"])
    till.clock.advance(hours=1)

    compare(till)

    with db.reading() as session:
        assert session.scalars(sa.select(StripeRefund)).one().amount == 2000
        assert ledger.totals(session)["EUR"]["patrons"] == 0


def test_a_run_that_stripe_cut_short_is_begun_again(till: Till, db: Database) -> None:
    a_month(till)
    till.sandbox.fault("500", path="/v1/charges", requests=9)
    with pytest.raises(StripeUnavailable):
        compare(till)
    till.sandbox.clear_faults()
    compare(till)

    with db.reading() as session:
        runs = session.scalars(sa.select(ReconcileRun).order_by(ReconcileRun.id)).all()
    assert [run.finished_at is None for run in runs] == [True, False]
    assert compare(till) == []


def test_the_report_says_it_in_lines(till: Till, clock: FixedClock) -> None:
    till.buy()
    clock.advance(hours=1)

    lines = reconcile.report(reconcile.run(till.db, till.gateway, now=clock(), pause=0))

    assert lines[0].endswith("findings.")
    assert lines[1].startswith("missing: evt_")
    assert lines[1].endswith(", repaired")
