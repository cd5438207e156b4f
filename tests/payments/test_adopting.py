"""Whose money it is where that is told late, or in another way than by a checkout of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from app.core.db import Database
from app.payments.gateway import REF
from app.payments.models import StripeCharge, StripeEvent, StripeInvoice, Unclaimed
from tests.contract.middleware import checked
from tests.payments.events import make_event
from tests.payments.fixtures_of_handling import heard
from tests.payments.till import DEBIT, Till
from tests.payments.told import at, handle, snapshot, tell
from tests.sandbox.inprocess import stripe_client
from tests.sandbox.shopping import Shop
from tests.statements import statements

if TYPE_CHECKING:
    from tests.contract.report import Report

__all__ = ["heard"]  # a fixture
OURS = "00000000-0000-4000-9000-000000000001"


@pytest.fixture
def shop(till: Till, contract_report: Report) -> Shop:
    """Something else that sells on the same account."""
    return Shop(till.sandbox, stripe_client(checked(till.sandbox.wsgi, contract_report)))


def adopt(shop: Shop, subscription: str) -> None:
    shop.client.v1.subscriptions.update(subscription, {"metadata": {REF: OURS}})


@pytest.mark.parametrize("at_once", [True, False])
def test_an_invoice_from_before_is_ours_whether_or_not_both_come_at_once(
    till: Till, shop: Shop, db: Database, at_once: bool
) -> None:
    bought = shop.buy(DEBIT, amount=700)
    till.clock.advance(days=1)
    till.catch_up()
    adopt(shop, bought["subscription"])
    if not at_once:
        till.catch_up()
    till.clock.advance(days=4)
    till.catch_up()

    with db.reading() as session:
        assert session.scalars(sa.select(StripeInvoice.ref)).all() == [OURS]
        assert session.scalars(sa.select(StripeCharge.ref)).all() == [OURS]
        assert session.scalars(sa.select(Unclaimed.stripe_id)).all() == []


def test_strange_invoices_cost_no_statement_each(till: Till, shop: Shop, db: Database) -> None:
    bought = shop.buy(amount=700)
    till.catch_up()
    invoice: Any = till.gateway.retrieve("invoice", bought["invoice"])
    counts = []
    for number in (1, 20):
        named = [snapshot(invoice, id=f"in_{number}_{each}") for each in range(number)]
        tell(till, *(make_event("invoice.paid", one, created=at(till.clock())) for one in named))
        with statements(db) as seen:
            handle(till)
        counts.append(len(seen))

    assert counts[0] == counts[1]
    with db.reading() as session:
        states = set(
            session.scalars(sa.select(StripeEvent.state).where(StripeEvent.type == "invoice.paid"))
        )
        assert states == {"unclaimed"}


def test_a_payment_without_an_intent_is_found_by_its_charge(till: Till, db: Database) -> None:
    bought = till.buy()
    invoice: Any = till.gateway.retrieve("invoice", bought["invoice"], expand=("payments",))
    payment = invoice["payments"]["data"][0]
    whole: Any = till.gateway.retrieve(
        "payment_intent", payment["payment"]["payment_intent"], expand=("latest_charge",)
    )
    charge = snapshot(whole["latest_charge"], payment_intent=None)
    by_charge = {"type": "charge", "charge": charge["id"]}
    told = (
        ("invoice_payment.paid", snapshot(payment, payment=by_charge)),
        ("invoice.paid", invoice),
        ("charge.succeeded", charge),
    )
    for name, obj in told:
        tell(till, make_event(name, obj, created=at(till.clock())))
        handle(till)

    with db.reading() as session:
        row = session.get_one(StripeCharge, charge["id"])
        assert (row.ref, row.invoice_id) == (bought["ref"], invoice["id"])
