"""Whatever happens in whatever order: the books agree, and the events tell everything."""

from __future__ import annotations

import json
from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from tests.sandbox.shopping import BAD_DEBIT, DEBIT, EMPTY, GOOD, SECURED
from tests.sandbox.test_changing import change

if TYPE_CHECKING:
    from app.sandbox import WiredSandbox
    from tests.sandbox.shopping import Shop

DAY = 86_400
CARDS = (GOOD, GOOD, GOOD, SECURED, EMPTY, DEBIT, BAD_DEBIT)
REFUSALS = ("pays", "insufficient_funds", "expired_card")
# An invoice's own page of payments is told by invoice_payment.paid; a customer's numbering and
# credit, and the notes of a payment intent, change without an event at Stripe too.
SILENT = {
    "customer": {"next_invoice_sequence", "balance", "currency"},
    "payment_intent": {"metadata", "description", "customer"},
}
TOLD = ("customer", "subscription", "invoice", "charge", "checkout.session", "payment_intent")


def a_life(shop: Shop, sandbox: WiredSandbox, chance: Random) -> None:
    """Two years of a small newsroom, with all that can happen to its patrons."""
    acts = [buying, buying, changing, ending, refunding, pausing, failing, replacing]
    for _ in range(45):
        # What Stripe refuses (a charge without money, a refund of nothing) is part of a life.
        with suppress(stripe.InvalidRequestError, stripe.CardError):
            chance.choice(acts)(shop, sandbox, chance)
        sandbox.advance(seconds=chance.choice((1, 3600, DAY, 9 * DAY, 33 * DAY)))


def buying(shop: Shop, sandbox: WiredSandbox, chance: Random) -> None:
    shop.buy(
        chance.choice(CARDS),
        amount=chance.choice((300, 500, 1999)),
        interval=chance.choice(("month", "year", None)),
        currency="eur",
    )


def living(shop: Shop, chance: Random) -> stripe.Subscription:
    found = shop.client.v1.subscriptions.list({"limit": 100}).data
    if not found:
        shop.buy()
        return living(shop, chance)
    return chance.choice(found)


def changing(shop: Shop, sandbox: WiredSandbox, chance: Random) -> None:
    change(
        shop,
        living(shop, chance),
        amount=chance.choice((200, 700, 2500)),
        interval=chance.choice(("month", "month", "year")),
        proration_behavior=chance.choice(("none", "create_prorations", "always_invoice")),
    )


def ending(shop: Shop, sandbox: WiredSandbox, chance: Random) -> None:
    one = living(shop, chance)
    if chance.random() < 0.3:
        shop.client.v1.subscriptions.cancel(one.id)
    else:
        wanted = chance.random() < 0.6
        shop.client.v1.subscriptions.update(one.id, {"cancel_at_period_end": wanted})


def refunding(shop: Shop, sandbox: WiredSandbox, chance: Random) -> None:
    charges = shop.client.v1.charges.list({"limit": 20}).data
    if charges:
        params: Any = {"charge": chance.choice(charges).id}
        if chance.random() < 0.5:
            params["amount"] = 120
        shop.client.v1.refunds.create(params)


def pausing(shop: Shop, sandbox: WiredSandbox, chance: Random) -> None:
    behavior = chance.choice(("void", "mark_uncollectible", "keep_as_draft", ""))
    given: Any = {"behavior": behavior, "resumes_at": sandbox.now() + 40 * DAY}
    params: Any = {"pause_collection": given if behavior else ""}
    shop.client.v1.subscriptions.update(living(shop, chance).id, params)


def failing(shop: Shop, sandbox: WiredSandbox, chance: Random) -> None:
    sandbox.behave(str(living(shop, chance).customer), chance.choice(REFUSALS))


def replacing(shop: Shop, sandbox: WiredSandbox, chance: Random) -> None:
    customer = str(living(shop, chance).customer)
    sandbox.replace_method(customer, chance.choice((GOOD, EMPTY)), pay_open=chance.random() < 0.5)


def every(sandbox: WiredSandbox, kind: str) -> list[dict[str, Any]]:
    with sandbox.act() as act:
        return act.where(kind)


def check_books(sandbox: WiredSandbox) -> None:
    book = sandbox.books().get("eur")
    if book is None:
        return
    charged = [one for one in every(sandbox, "charge") if one["status"] == "succeeded"]
    refunded = sum(one["amount"] for one in every(sandbox, "refund"))
    assert book["charges"] + book["unbooked"] == sum(one["amount"] for one in charged)
    assert book["refunds"] == refunded == sum(one["amount_refunded"] for one in charged)
    assert book["net"] == book["charges"] - book["refunds"] - book["fees"]
    collected = sum(one["amount_paid"] for one in every(sandbox, "invoice"))
    gifts = sum(
        one["amount_total"]
        for one in every(sandbox, "checkout.session")
        if one["mode"] == "payment" and one["payment_status"] == "paid"
    )
    assert collected + gifts == sum(one["amount"] for one in charged)


def check_states(sandbox: WiredSandbox) -> None:
    now = sandbox.now()
    for one in every(sandbox, "subscription"):
        item = one["items"]["data"][0]
        assert item["current_period_start"] < item["current_period_end"]
        if one["status"] in ("active", "past_due", "unpaid"):
            assert item["current_period_end"] > now - 1
            assert one["ended_at"] is None
        if one["status"] == "canceled":
            assert one["ended_at"] <= now
    for invoice in every(sandbox, "invoice"):
        assert invoice["amount_due"] == invoice["amount_paid"] + invoice["amount_remaining"], (
            invoice["id"]
        )
        if invoice["status"] == "paid":
            assert invoice["amount_remaining"] == 0


def check_events(sandbox: WiredSandbox) -> None:
    """The last event about an object shows it as it is."""
    with sandbox.act() as act:
        rows = act.db.execute("SELECT type, created, snapshot FROM event ORDER BY seq").fetchall()
        last = {}
        for _, created, snapshot in rows:
            assert created <= act.now
            told = json.loads(snapshot)
            last[told["id"]] = told
        for kind in TOLD:
            silent = SILENT.get(kind, set())
            for one in act.where(kind):
                if one["id"] in last:
                    seen = last[one["id"]]
                    wrong = {
                        name: (seen[name], one[name])
                        for name in one
                        if name not in silent and seen[name] != one[name]
                    }
                    assert wrong == {}, (kind, one["id"])


@pytest.mark.parametrize("seed", range(8))
def test_a_life_adds_up_and_is_told(seed: int, shop: Shop, sandbox: WiredSandbox) -> None:
    a_life(shop, sandbox, Random(seed))

    check_books(sandbox)
    check_states(sandbox)
    check_events(sandbox)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 260))
def test_many_lives_add_up_and_are_told(seed: int, shop: Shop, sandbox: WiredSandbox) -> None:
    test_a_life_adds_up_and_is_told(seed, shop, sandbox)
