"""The page after paying is true before any event has come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from app.core.db import Database
from app.payments import changes, checkout
from app.payments.gateway import StripeUnavailable
from app.payments.models import (
    LedgerTransaction,
    StripeCharge,
    StripeCheckout,
    StripeInvoice,
    StripeSubscription,
)
from tests.payments.recording import differences, told
from tests.payments.till import BAD_DEBIT, DEBIT, Till

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from app.payments.changes import Change

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Change]:
    told_of: list[Change] = []

    def listen(_session: Session, told: Sequence[Change]) -> None:
        told_of.extend(told)

    monkeypatch.setattr(changes, "on_change", [listen])
    return told_of


def refresh(till: Till, session_id: str) -> StripeCheckout | None:
    return checkout.refresh(till.db, till.gateway, session_id, till.clock())


def test_a_new_patron_is_whole_before_any_event(till: Till, db: Database) -> None:
    bought = till.buy()
    till.sandbox.counts(reset=True)

    found = refresh(till, bought["session"])

    assert found is not None
    assert (found.status, found.payment_status) == ("complete", "paid")
    assert till.sandbox.counts()["reads"] == 2
    with db.reading() as session:
        [subscription] = session.scalars(sa.select(StripeSubscription))
        [invoice] = session.scalars(sa.select(StripeInvoice))
        [charge] = session.scalars(sa.select(StripeCharge))
        [fact] = session.scalars(sa.select(LedgerTransaction))
    assert subscription.status == "active"
    assert invoice.status == "paid"
    assert charge.ref == fact.ref == bought["ref"]


def test_money_given_once_is_whole_with_one_question(till: Till, db: Database) -> None:
    bought = till.buy(interval=None)
    till.sandbox.counts(reset=True)

    refresh(till, bought["session"])

    assert till.sandbox.counts()["reads"] == 1
    with db.reading() as session:
        assert session.scalars(sa.select(LedgerTransaction)).one().ref == bought["ref"]


def test_the_events_that_come_after_it_change_nothing(till: Till, db: Database) -> None:
    bought = till.buy()
    refresh(till, bought["session"])
    before = told(db)
    till.catch_up()
    after = told(db)

    # but for the inbox, and how new what we have is
    known: dict[str, Any] = {"events": [], "stripe_object": []}
    assert differences(before | known, after | known) == []


def test_an_open_session_is_open(till: Till) -> None:
    _, opened = till.open()

    found = refresh(till, opened["id"])

    assert found is not None
    assert (found.status, found.payment_status) == ("open", "unpaid")


@pytest.mark.parametrize(("account", "failed"), [(DEBIT, False), (BAD_DEBIT, True)])
def test_a_debit_that_takes_days_is_unpaid_then_paid_or_failed(
    till: Till, account: str, *, failed: bool
) -> None:
    session_id = till.buy(account, interval=None)["session"]
    pending = refresh(till, session_id)
    till.clock.advance(days=5)
    ended = refresh(till, session_id)

    assert pending is not None
    assert ended is not None
    assert (pending.payment_status, pending.async_failed) == ("unpaid", False)
    assert ended.async_failed == failed
    assert ended.payment_status == ("unpaid" if failed else "paid")


def test_a_session_of_nobody_is_none(till: Till) -> None:
    assert refresh(till, "cs_test_unknown") is None
    assert refresh(till, "../balance") is None


def test_somebody_elses_session_is_not_taken_in(till: Till, db: Database) -> None:
    client = till.gateway._client
    session = client.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "line_items": [{"quantity": 1, "price_data": {
                "currency": "eur", "unit_amount": 900, "product_data": {"name": "Mug"},
            }}],
            "success_url": "http://localhost/",
        }
    )  # fmt: skip

    assert refresh(till, session.id) is None
    with db.reading() as reading:
        assert reading.scalars(sa.select(StripeCheckout)).all() == []


def test_when_stripe_is_silent_what_is_known_stays(till: Till, db: Database) -> None:
    bought = till.buy()
    refresh(till, bought["session"])
    before = told(db)
    till.sandbox.fault("refuse", requests=9)

    with pytest.raises(StripeUnavailable):
        refresh(till, bought["session"])

    assert told(db) == before


def test_when_stripe_falls_silent_half_way_the_rest_is_kept(till: Till, db: Database) -> None:
    bought = till.buy()
    till.sandbox.fault("refuse", path="/v1/payment_intents", requests=9)

    found = refresh(till, bought["session"])

    assert found is not None
    assert found.payment_status == "paid"
    with db.reading() as session:
        assert session.scalars(sa.select(StripeCharge)).all() == []


def test_listeners_are_told_without_a_snapshot_of_history(till: Till, heard: list[Change]) -> None:
    bought = till.buy()
    refresh(till, bought["session"])

    assert {change.kind for change in heard} >= {"checkout", "subscription", "charge"}
    assert {change.seen for change in heard} == {None}
    assert {change.event_id for change in heard} == {f"checkout:{bought['session']}"}


def test_what_came_in_while_stripe_was_asked_is_told_at_once(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The events of a payment arrive between our question and our look at the answer."""
    bought = till.buy(total=500)
    retrieve = till.gateway.retrieve

    def slowly(kind: str, object_id: str, expand: Sequence[str] = ()) -> Json | None:
        found = retrieve(kind, object_id, expand)
        if kind == "checkout.session":
            assert till.fetch() != 0
        return found

    monkeypatch.setattr(till.gateway, "retrieve", slowly)
    seen = refresh(till, bought["session"])

    assert seen is not None
    assert (seen.status, seen.payment_status) == ("complete", "paid")
