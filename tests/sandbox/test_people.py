from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from tests.sandbox.test_changing import priced

if TYPE_CHECKING:
    from app.sandbox import WiredSandbox
    from tests.sandbox.conftest import Postbox
    from tests.sandbox.shopping import Shop


def subscribe(shop: Shop, card: str, **given: Any) -> stripe.Subscription:
    client = shop.client
    customer = client.v1.customers.create({"email": "ann@example.org"})
    method = client.v1.payment_methods.attach(card, {"customer": customer.id})
    params: Any = {
        "customer": customer.id,
        "default_payment_method": method.id,
        "items": [{"price_data": priced(shop, 500)}],
    }
    return client.v1.subscriptions.create(params | given)


def test_a_customer_is_changed_and_told(
    client: stripe.StripeClient, sandbox: WiredSandbox, postbox: Postbox
) -> None:
    customer = client.v1.customers.create(
        {"email": "ann@example.org", "metadata": {"a": "1", "b": "2"}}
    )
    changed = client.v1.customers.update(customer.id, {"name": "Ann", "metadata": {"a": ""}})
    sandbox.deliver()

    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {"b": "2"}
    event = postbox.events()[-1]
    assert event["type"] == "customer.updated"
    assert event["data"]["previous_attributes"] == {"metadata": {"a": "1"}, "name": None}


def test_a_change_to_the_same_is_not_told(
    client: stripe.StripeClient, sandbox: WiredSandbox, postbox: Postbox
) -> None:
    customer = client.v1.customers.create({"name": "Ann"})
    client.v1.customers.update(customer.id, {"name": "Ann"})
    sandbox.deliver()

    assert postbox.types() == ["customer.created"]


def test_a_deleted_customer_leaves_a_note_and_no_living_subscription(
    shop: Shop, client: stripe.StripeClient, sandbox: WiredSandbox, postbox: Postbox
) -> None:
    bought = shop.buy()
    gone = client.v1.customers.delete(bought["customer"])
    sandbox.advance(seconds=40 * 86_400)
    sandbox.deliver()

    assert gone.deleted is True
    assert client.v1.customers.retrieve(bought["customer"]).deleted is True
    assert client.v1.customers.list().data == []
    assert client.v1.subscriptions.retrieve(bought["subscription"]).status == "canceled"
    assert "customer.deleted" in postbox.types()
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.update(bought["customer"], {"name": "x"})


def test_customers_are_found_by_their_exact_address(client: stripe.StripeClient) -> None:
    wanted = client.v1.customers.create({"email": "ann@example.org"})
    client.v1.customers.create({"email": "ben@example.org"})

    found = client.v1.customers.list({"email": "ann@example.org"}).data
    assert [one.id for one in found] == [wanted.id]
    assert client.v1.customers.list({"email": "Ann@example.org"}).data == []


def test_a_subscription_can_begin_without_checkout(shop: Shop, client: stripe.StripeClient) -> None:
    subscription = subscribe(shop, "pm_card_visa")

    assert subscription.status == "active"
    invoice = client.v1.invoices.retrieve(str(subscription.latest_invoice))
    assert (invoice.status, invoice.amount_paid) == ("paid", 500)


def test_a_card_that_attaches_and_is_refused_leaves_it_incomplete(
    shop: Shop, client: stripe.StripeClient, sandbox: WiredSandbox
) -> None:
    subscription = subscribe(shop, "pm_card_chargeCustomerFail")
    assert subscription.status == "incomplete"

    sandbox.advance(seconds=86_400)

    assert client.v1.subscriptions.retrieve(subscription.id).status == "incomplete_expired"


def test_a_refusal_can_be_made_an_error(shop: Shop, client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.CardError) as refused:
        subscribe(
            shop, "pm_card_chargeCustomerFail", payment_behavior="error_if_incomplete"
        )  # fmt: skip

    assert (refused.value.http_status, refused.value.code) == (402, "card_declined")
    assert client.v1.subscriptions.list({"status": "all"}).data == []


def test_an_open_invoice_is_paid_with_another_card(shop: Shop, client: stripe.StripeClient) -> None:
    subscription = subscribe(shop, "pm_card_chargeCustomerFail")
    invoice = str(subscription.latest_invoice)
    with pytest.raises(stripe.CardError) as refused:
        client.v1.invoices.pay(invoice)
    assert refused.value.error is not None
    assert refused.value.error.decline_code == "generic_decline"
    assert len(client.v1.charges.list().data) == 2  # a refusal leaves its charge behind

    paid = client.v1.invoices.pay(invoice, {"payment_method": "pm_card_visa"})

    assert paid.status == "paid"
    assert client.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_a_payment_leads_to_its_invoice_and_back(shop: Shop, client: stripe.StripeClient) -> None:
    bought = shop.buy()
    [payment] = client.v1.invoice_payments.list({"invoice": bought["invoice"]}).data
    intent = str(payment.payment.payment_intent)
    again = client.v1.invoice_payments.list(
        {"payment": {"type": "payment_intent", "payment_intent": intent}}
    )

    assert [one.invoice for one in again.data] == [bought["invoice"]]
    assert (payment.status, payment.amount_paid) == ("paid", 500)


def test_a_detached_card_is_nowhere_the_default(shop: Shop, client: stripe.StripeClient) -> None:
    subscription = shop.subscription()
    method = str(subscription.default_payment_method)
    client.v1.payment_methods.detach(method)

    assert client.v1.payment_methods.retrieve(method).customer is None
    assert client.v1.subscriptions.retrieve(subscription.id).default_payment_method is None
    owner = str(subscription.customer)
    assert client.v1.payment_methods.list({"customer": owner}).data == []


def test_without_a_card_a_renewal_fails(
    shop: Shop, client: stripe.StripeClient, sandbox: WiredSandbox
) -> None:
    subscription = shop.subscription()
    client.v1.payment_methods.detach(str(subscription.default_payment_method))
    sandbox.advance(seconds=29 * 86_400)

    assert client.v1.subscriptions.retrieve(subscription.id).status == "past_due"


def test_a_void_invoice_is_never_collected(
    shop: Shop, client: stripe.StripeClient, sandbox: WiredSandbox
) -> None:
    shop.buy(after_first="decline")
    sandbox.advance(seconds=29 * 86_400)
    [invoice] = client.v1.invoices.list({"status": "open"}).data
    voided = client.v1.invoices.void_invoice(invoice.id)
    charges = len(client.v1.charges.list().data)
    sandbox.advance(seconds=20 * 86_400)

    assert (voided.status, voided.next_payment_attempt) == ("void", None)
    assert len(client.v1.charges.list().data) == charges
