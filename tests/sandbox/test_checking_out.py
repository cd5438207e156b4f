from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stripe

from tests.sandbox.conftest import SECRET
from tests.sandbox.shopping import BAD_DEBIT, DEBIT, EMPTY, GOOD, SECURED

if TYPE_CHECKING:
    from app.sandbox import WiredSandbox
    from tests.sandbox.conftest import Postbox
    from tests.sandbox.shopping import Shop

RECORDED_A = (
    "charge.succeeded payment_method.attached invoice.created customer.subscription.created "
    "invoice.updated invoice.updated invoice.finalized customer.subscription.updated "
    "invoice.paid invoice.updated invoice.payment_succeeded payment_intent.created "
    "payment_intent.succeeded checkout.session.completed"
)
RECORDED_B = (
    "charge.succeeded checkout.session.completed invoice.created payment_method.attached "
    "invoice.updated invoice.updated customer.subscription.updated payment_intent.succeeded "
    "customer.subscription.created"
)
UNRECORDED = ("customer.created", "invoice_payment.paid", "product.created")


def test_a_paid_session_leads_back_with_its_id(shop: Shop, client: stripe.StripeClient) -> None:
    session = shop.session()
    paid = shop.sandbox.pay(session.id, GOOD, name="Ann")

    assert paid["kind"] == "paid"
    assert paid["redirect_url"].endswith(f"/join/thanks?session_id={session.id}")
    again = client.v1.checkout.sessions.retrieve(session.id)
    assert (again.status, again.payment_status, again.url) == ("complete", "paid", None)
    assert again.customer_details is not None
    assert again.customer_details.email == "ann@example.org"
    assert again.payment_intent is None


def test_subscription_and_invoice_are_created_after_the_payment(
    shop: Shop, sandbox: WiredSandbox, postbox: Postbox
) -> None:
    shop.buy()
    sandbox.deliver()

    told = [one for one in postbox.types() if one not in UNRECORDED]
    assert told == RECORDED_A.split()


def test_the_second_recorded_order_can_be_played(
    shop: Shop, sandbox: WiredSandbox, postbox: Postbox
) -> None:
    sandbox.knobs(order="B")
    shop.buy()
    sandbox.deliver()

    told = [one for one in postbox.types() if one not in UNRECORDED]
    assert told[:9] == RECORDED_B.split()
    assert sorted(told) == sorted(RECORDED_A.split())


def test_a_subscription_is_told_incomplete_first_and_active_then(
    shop: Shop, sandbox: WiredSandbox, postbox: Postbox
) -> None:
    shop.buy()
    sandbox.deliver()

    [created] = postbox.objects("customer.subscription.created")
    [updated] = postbox.objects("customer.subscription.updated")
    assert (created["status"], updated["status"]) == ("incomplete", "active")


def test_metadata_goes_where_stripe_carries_it(
    shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient
) -> None:
    bought = shop.buy(
        metadata={"of": "session"}, subscription_data={"metadata": {"of": "subscription"}}
    )

    invoice = client.v1.invoices.retrieve(bought["invoice"])
    assert invoice.parent is not None
    assert invoice.parent.subscription_details is not None
    assert invoice.parent.subscription_details.metadata is not None
    assert invoice.parent.subscription_details.metadata.to_dict() == {"of": "subscription"}
    assert invoice.lines.data[0].metadata.to_dict() == {"of": "subscription"}
    charge = client.v1.charges.list({"customer": bought["customer"]}).data[0]
    assert charge.metadata.to_dict() == {}
    assert not hasattr(charge, "invoice")


def test_the_first_invoice_has_a_period_of_no_length(
    shop: Shop, client: stripe.StripeClient
) -> None:
    bought = shop.buy()

    invoice = client.v1.invoices.retrieve(bought["invoice"])
    subscription = client.v1.subscriptions.retrieve(bought["subscription"])
    assert invoice.period_start == invoice.period_end
    item = subscription["items"].data[0]
    assert item.current_period_end > item.current_period_start


def test_a_refused_card_leaves_neither_subscription_nor_customer(
    shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient, postbox: Postbox
) -> None:
    session = shop.session()
    refused = sandbox.pay(session.id, EMPTY)
    sandbox.deliver()

    assert refused["kind"] == "declined"
    assert refused["message"] == "Your card has insufficient funds."
    assert "charge.failed" in postbox.types()
    assert client.v1.subscriptions.list({"status": "all"}).data == []
    assert client.v1.customers.list().data == []
    assert sandbox.pay(session.id, GOOD)["kind"] == "paid"


def test_the_same_intent_is_tried_again_after_a_refusal(
    shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient
) -> None:
    session = shop.session(interval=None)
    sandbox.pay(session.id, EMPTY)
    paid = sandbox.pay(session.id, GOOD)

    [intent] = client.v1.payment_intents.list().data
    assert intent.id == paid["payment_intent"]
    assert intent.last_payment_error is None
    assert len(client.v1.charges.list({"payment_intent": intent.id}).data) == 2


def test_a_challenge_passed_once_pays_this_and_later_renewals(
    shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient
) -> None:
    session = shop.session()
    asked = sandbox.pay(session.id, SECURED, outcome="leave")
    assert asked["kind"] == "challenge"
    assert asked["redirect_url"].endswith(f"/sandbox/checkout/{session.id}/challenge")

    paid = sandbox.confirm_challenge(session.id, passed=True)
    sandbox.advance(seconds=32 * 86_400)

    assert paid["kind"] == "paid"
    charges = client.v1.charges.list().data
    assert [one.status for one in charges] == ["succeeded", "succeeded"]
    details = charges[-1].payment_method_details
    assert details is not None
    assert details.card is not None
    assert details.card.three_d_secure is not None


def test_a_failed_challenge_is_a_refusal(shop: Shop, client: stripe.StripeClient) -> None:
    refused = shop.buy(SECURED, outcome="fail")

    assert refused["kind"] == "declined"
    assert client.v1.subscriptions.list({"status": "all"}).data == []


def test_a_gift_once_has_no_customer_and_carries_its_metadata_to_the_charge(
    shop: Shop, client: stripe.StripeClient
) -> None:
    bought = shop.buy(interval=None, payment_intent_data={"metadata": {"gift": "1"}})

    session = client.v1.checkout.sessions.retrieve(bought["session"])
    assert session.customer is None
    intent = client.v1.payment_intents.retrieve(bought["payment_intent"])
    assert isinstance(intent.latest_charge, str)
    assert client.v1.charges.retrieve(intent.latest_charge).metadata.to_dict() == {"gift": "1"}
    assert intent.payment_details is not None
    assert intent.payment_details.order_reference == session.id


@pytest.mark.parametrize("interval", ["month", None])
def test_a_debit_is_unpaid_for_days_and_then_paid(
    interval: str | None, shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient,
    postbox: Postbox,
) -> None:  # fmt: skip
    bought = shop.buy(DEBIT, interval=interval)
    session = client.v1.checkout.sessions.retrieve(bought["session"])
    assert bought["kind"] == "pending"
    assert (session.status, session.payment_status) == ("complete", "unpaid")

    sandbox.advance(seconds=4 * 86_400)
    sandbox.deliver()

    session = client.v1.checkout.sessions.retrieve(bought["session"])
    assert session.payment_status == "paid"
    assert "checkout.session.async_payment_succeeded" in postbox.types()
    if interval is not None:
        assert client.v1.invoices.retrieve(bought["invoice"]).status == "paid"


@pytest.mark.parametrize("interval", ["month", None])
def test_a_debit_that_the_bank_refuses_stays_unpaid(
    interval: str | None, shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient,
    postbox: Postbox,
) -> None:  # fmt: skip
    bought = shop.buy(BAD_DEBIT, interval=interval)
    sandbox.advance(seconds=4 * 86_400)
    sandbox.deliver()

    session = client.v1.checkout.sessions.retrieve(bought["session"])
    assert session.payment_status == "unpaid"
    assert "checkout.session.async_payment_failed" in postbox.types()
    if interval is not None:
        assert client.v1.subscriptions.retrieve(bought["subscription"]).status == "past_due"


def test_the_balance_transaction_comes_seconds_later(
    shop: Shop, sandbox: WiredSandbox, postbox: Postbox, client: stripe.StripeClient
) -> None:
    shop.buy()
    sandbox.deliver()
    [charged] = postbox.objects("charge.succeeded")
    assert charged["balance_transaction"] is None
    assert client.v1.balance_transactions.list().data == []

    sandbox.advance(seconds=5)
    sandbox.deliver()

    [updated] = postbox.objects("charge.updated")
    booked = client.v1.balance_transactions.retrieve(updated["balance_transaction"])
    assert (booked.amount, booked.fee, booked.net) == (500, 33, 467)
    assert booked.exchange_rate is None
    assert booked.source == charged["id"]


def test_an_unpaid_session_expires(
    shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient, postbox: Postbox
) -> None:
    session = shop.session(expires_at=sandbox.now() + 1800)
    sandbox.advance(seconds=1800)
    sandbox.deliver()

    assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert "checkout.session.expired" in postbox.types()


def test_the_sdk_accepts_the_signature_of_every_event(
    shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient, postbox: Postbox
) -> None:
    shop.buy()
    sandbox.deliver()

    for headers, body in postbox.letters:
        event = client.construct_event(body, headers["Stripe-Signature"], SECRET)
        assert event.api_version == "2026-10-28.endive"


@pytest.mark.sends_wrong_requests
@pytest.mark.parametrize(
    ("given", "param", "code"),
    [
        ({"locale": "uk"}, "locale", None),
        ({"colour": "red"}, "colour", "parameter_unknown"),
        (
            {"payment_method_types": ["card"]}, "payment_method_types",
            "payment_method_types_no_longer_supported",
        ),
        ({"success_url": "nowhere"}, "success_url", "url_invalid"),
        ({"expires_at": 1_769_860_900}, "expires_at", None),
        ({"amount": 10}, "line_items", "amount_too_small"),
        ({"currency": "xxx"}, "line_items[0][price_data][currency]", "parameter_invalid_string"),
        ({"customer": "cus_nobody"}, "customer_email", None),
        ({"currency": "eur", "submit_type": "donate"}, "submit_type", None),
        (
            {"after_expiration": {"recovery": {"enabled": "true"}}},
            "after_expiration[recovery][enabled]", None,
        ),
    ],
)  # fmt: skip
def test_what_stripe_refuses_is_refused(
    given: dict[str, object], param: str, code: str | None, shop: Shop
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.session(**given)  # type: ignore[arg-type]

    assert refused.value.param == param
    assert refused.value.code == code
