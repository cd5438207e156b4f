from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stripe

from app.sandbox.currencies import fee_of

if TYPE_CHECKING:
    from app.sandbox import WiredSandbox
    from tests.sandbox.conftest import Postbox
    from tests.sandbox.shopping import Shop


def test_a_refund_in_parts_ends_with_the_whole(
    shop: Shop, client: stripe.StripeClient, sandbox: WiredSandbox, postbox: Postbox
) -> None:
    bought = shop.buy(interval=None, amount=1000)
    intent = bought["payment_intent"]
    part = client.v1.refunds.create({"payment_intent": intent, "amount": 300})
    charge = client.v1.charges.retrieve(str(part.charge))
    assert (charge.amount_refunded, charge.refunded) == (300, False)

    rest = client.v1.refunds.create({"payment_intent": intent})
    sandbox.advance(seconds=10)
    sandbox.deliver()

    charge = client.v1.charges.retrieve(str(part.charge))
    assert (rest.amount, charge.amount_refunded, charge.refunded) == (700, 1000, True)
    told = [one for one in postbox.types() if "refund" in one]
    assert told == [
        "charge.refunded", "refund.created", "charge.refunded", "refund.created",
        "refund.updated", "charge.refund.updated", "refund.updated", "charge.refund.updated",
    ]  # fmt: skip


def test_a_refund_settles_its_charge_first(
    shop: Shop, client: stripe.StripeClient, sandbox: WiredSandbox
) -> None:
    bought = shop.buy(interval=None, amount=1000)
    client.v1.refunds.create({"payment_intent": bought["payment_intent"], "amount": 400})

    assert sandbox.books()["eur"] == {
        "charges": 1000, "charges_count": 1, "refunds": 400, "refunds_count": 1, "fees": 40,
        "net": 560, "unbooked": 0, "unbooked_count": 0,
    }  # fmt: skip
    types = [one.type for one in client.v1.balance_transactions.list().data]
    assert types == ["refund", "charge"]


@pytest.mark.parametrize("amount", [1001, 601])
def test_more_than_is_left_cannot_be_refunded(
    amount: int, shop: Shop, client: stripe.StripeClient
) -> None:
    intent = shop.buy(interval=None, amount=1000)["payment_intent"]
    client.v1.refunds.create({"payment_intent": intent, "amount": 400})

    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent, "amount": amount})
    assert refused.value.param == "amount"


def test_what_is_refunded_cannot_be_refunded_again(shop: Shop, client: stripe.StripeClient) -> None:
    intent = shop.buy(interval=None)["payment_intent"]
    client.v1.refunds.create({"payment_intent": intent})

    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent})
    assert refused.value.code == "charge_already_refunded"


def test_bookings_become_available_with_time(
    shop: Shop, client: stripe.StripeClient, sandbox: WiredSandbox
) -> None:
    shop.buy()
    sandbox.advance(seconds=5)
    [booked] = client.v1.balance_transactions.list().data
    assert booked.status == "pending"
    assert client.v1.balance.retrieve().pending[0].amount == 467

    sandbox.advance(seconds=3 * 86_400)

    assert client.v1.balance_transactions.retrieve(booked.id).status == "available"
    assert client.v1.balance.retrieve().available[0].amount == 467


def test_books_are_kept_per_currency(shop: Shop, sandbox: WiredSandbox) -> None:
    shop.buy(amount=500, currency="eur")
    shop.buy(amount=900, currency="usd", interval=None)
    shop.buy(amount=20000, currency="uah")
    assert sandbox.books()["uah"]["unbooked"] == 20000
    sandbox.advance(seconds=5)

    books = sandbox.books()
    assert {currency: book["charges"] for currency, book in books.items()} == {
        "eur": 500, "usd": 900, "uah": 20000,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "currency", "fee"),
    [(500, "eur", 33), (1000, "eur", 40), (100, "usd", 27), (500, "jpy", 8), (5000, "kwd", 325)],
)
def test_the_fee_is_one_and_a_half_percent_and_a_quarter_unit(
    amount: int, currency: str, fee: int
) -> None:
    assert fee_of(amount, currency) == fee
