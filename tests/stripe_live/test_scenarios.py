"""What the product asks of Stripe, from the first page to the last refund."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal
from uuid import uuid4

import pytest
import stripe

from app.core.clock import wall_clock
from tests.stripe_live.conftest import Peer

VISA = "pm_card_visa"
EMPTY = "pm_card_visa_chargeDeclinedInsufficientFunds"
LATER = wall_clock() + timedelta(hours=1)  # one for all: the same key wants the same wish
SHOWN_EVENTS = ("invoice.paid", "charge.refunded")


@pytest.mark.parametrize("mode", ["subscription", "payment"])
def test_a_checkout_says_what_it_was_told_and_is_made_once(
    peer: Peer, mode: Literal["subscription", "payment"]
) -> None:
    key = uuid4().hex

    first, second = (open_checkout(peer, key=key, mode=mode) for _ in range(2))

    assert first["id"] == second["id"]
    assert (first["status"], first["payment_status"]) == ("open", "unpaid")
    assert (first["amount_total"], first["currency"]) == (518, "eur")
    assert first["client_reference_id"] == f"ref-{key}"
    assert first["url"].startswith("http")


def test_a_checkout_that_expired_has_no_address(peer: Peer) -> None:
    opened = open_checkout(peer, key=uuid4().hex, mode="payment")

    peer.sdk.v1.checkout.sessions.expire(opened["id"])
    found = peer.gateway.retrieve("checkout.session", opened["id"])

    assert found is not None
    assert (found["status"], found["url"]) == ("expired", None)


def test_a_pledge_is_changed_stopped_taken_up_again_and_ended(peer: Peer) -> None:
    made = subscribe(peer, VISA)
    item = made["items"]["data"][0]
    change: dict[str, Any] = {
        "subscription_id": made["id"],
        "item_id": item["id"],
        "product_id": item["price"]["product"],
        "currency": "EUR",
        "interval": "month",
        "total": 800,
    }

    changed = peer.gateway.change_amount(key=uuid4().hex, **change)
    stopped = stop(peer, made["id"], True)
    resumed = stop(peer, made["id"], False)
    ended, again = (
        peer.gateway.cancel_now(key=uuid4().hex, subscription_id=made["id"]) for _ in range(2)
    )

    assert made["status"] == "active"
    assert changed["items"]["data"][0]["price"]["unit_amount"] == 800
    assert (stopped["cancel_at_period_end"], resumed["cancel_at_period_end"]) == (True, False)
    assert (ended["status"], again["status"]) == ("canceled", "canceled")


def test_a_payment_is_found_by_its_invoice_and_given_back(peer: Peer) -> None:
    made = subscribe(peer, VISA)
    payment = peer.sdk.v1.invoice_payments.list({"invoice": made["latest_invoice"]}).data[0]
    intent = payment.payment.payment_intent

    part = peer.gateway.refund(key=uuid4().hex, payment_intent_id=str(intent), amount=200)
    rest = peer.gateway.refund(key=uuid4().hex, payment_intent_id=str(intent))

    assert (part["amount"], rest["amount"]) == (200, 300)
    assert (rest["charge"]["amount"], rest["charge"]["amount_refunded"]) == (500, 500)


def test_a_card_without_funds_is_refused_with_the_banks_reason(peer: Peer) -> None:
    with pytest.raises(stripe.CardError) as refused:
        subscribe(peer, EMPTY)

    assert refused.value.error is not None
    assert refused.value.error.decline_code == "insufficient_funds"


def test_the_same_key_for_another_wish_is_refused(peer: Peer) -> None:
    options: Any = {"idempotency_key": uuid4().hex}
    peer.sdk.v1.products.create({"name": "Coffee"}, options)

    with pytest.raises(stripe.IdempotencyError):
        peer.sdk.v1.products.create({"name": "Tea"}, options)


def test_what_is_not_there_is_none(peer: Peer) -> None:
    assert peer.gateway.retrieve("subscription", "sub_nobody") is None


def test_an_endpoint_is_made_once_and_then_kept(peer: Peer) -> None:
    url = f"https://example.org/{uuid4().hex}"

    made = peer.gateway.ensure_webhook_endpoint(url, SHOWN_EVENTS[:1])
    kept = peer.gateway.ensure_webhook_endpoint(url, SHOWN_EVENTS)
    peer.sdk.v1.webhook_endpoints.delete(made["id"])

    assert made["secret"].startswith("whsec_")
    assert kept["id"] == made["id"]
    assert set(kept["enabled_events"]) == set(SHOWN_EVENTS)


def open_checkout(
    peer: Peer, *, key: str, mode: Literal["subscription", "payment"]
) -> dict[str, Any]:
    return peer.gateway.create_checkout(
        key=key,
        ref=f"ref-{key}",
        mode=mode,
        currency="EUR",
        total=518,
        interval="month" if mode == "subscription" else None,
        product_name="Patron of the Demo",
        email="reader@example.org",
        language="uk",
        submit_text="5,18 € щомісяця, доки ви не зупините.",
        success_url="https://example.org/join/thanks?session_id={CHECKOUT_SESSION_ID}",
        cancel_url="https://example.org/join",
        expires_at=LATER,
    )


def subscribe(peer: Peer, card: str) -> dict[str, Any]:
    """A reader with a card, and five euros a month, paid at once or not made at all."""
    sdk = peer.sdk.v1
    customer = sdk.customers.create({"email": "reader@example.org"}).id
    method = sdk.payment_methods.attach(card, {"customer": customer}).id
    price: Any = {
        "currency": "eur",
        "product": sdk.products.create({"name": "Coffee"}).id,
        "recurring": {"interval": "month"},
        "unit_amount": 500,
    }
    made = sdk.subscriptions.create(
        {
            "customer": customer,
            "default_payment_method": method,
            "items": [{"price_data": price}],
            "payment_behavior": "error_if_incomplete",
        }
    )
    plain: dict[str, Any] = made.to_dict(for_json=True)
    return plain


def stop(peer: Peer, subscription: str, wanted: bool) -> dict[str, Any]:
    return peer.gateway.stop_at_period_end(
        key=uuid4().hex, subscription_id=subscription, stop=wanted
    )
