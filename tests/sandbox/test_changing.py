from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from tests.sandbox.test_renewing import DAY, at

if TYPE_CHECKING:
    from app.sandbox import WiredSandbox
    from tests.sandbox.conftest import Postbox
    from tests.sandbox.shopping import Shop


def priced(
    shop: Shop, amount: int, interval: str = "month", currency: str = "eur"
) -> dict[str, Any]:
    return {
        "currency": currency,
        "product": shop.product,
        "unit_amount": amount,
        "recurring": {"interval": interval},
    }


def change(shop: Shop, subscription: stripe.Subscription, **given: Any) -> stripe.Subscription:
    item = subscription["items"].data[0]
    interval = given.pop("interval", "month")
    data = priced(shop, given.pop("amount"), interval, subscription.currency)
    params: Any = {"items": [{"id": item.id, "price_data": data}], **given}
    return shop.client.v1.subscriptions.update(subscription.id, params)


def test_a_raise_without_proration_is_billed_with_the_next_renewal(
    shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient, postbox: Postbox
) -> None:
    subscription = shop.subscription()
    sandbox.deliver()
    postbox.letters.clear()

    change(shop, subscription, amount=900, proration_behavior="none")
    sandbox.deliver()
    [event] = postbox.events()
    assert event["type"] == "customer.subscription.updated"
    assert event["data"]["object"]["items"]["data"][0]["price"]["unit_amount"] == 900
    old = event["data"]["previous_attributes"]["items"]["data"][0]
    assert old["price"]["unit_amount"] == 500
    assert event["request"]["id"].startswith("req_")

    sandbox.advance(to=at("2026-03-01"))

    assert [one.total for one in client.v1.invoices.list().data] == [900, 500]


def test_prorations_wait_for_the_next_invoice(
    shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient, postbox: Postbox
) -> None:
    subscription = shop.subscription()
    sandbox.advance(seconds=14 * DAY)  # half of the 28 days
    change(shop, subscription, amount=900, proration_behavior="create_prorations")
    sandbox.deliver()
    assert [one["amount"] for one in postbox.objects("invoiceitem.created")] == [-250, 450]

    sandbox.advance(to=at("2026-03-01"))

    invoice = client.v1.invoices.list().data[0]
    assert [line.amount for line in invoice.lines.data] == [-250, 450, 900]
    assert invoice.total == 1100


def test_prorations_can_be_billed_at_once(
    shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient
) -> None:
    subscription = shop.subscription()
    sandbox.advance(seconds=14 * DAY)
    changed = change(shop, subscription, amount=900, proration_behavior="always_invoice")

    invoice = client.v1.invoices.retrieve(str(changed.latest_invoice))
    assert (invoice.billing_reason, invoice.status) == ("subscription_update", "paid")
    assert invoice.total == 200


def test_a_lowering_billed_at_once_becomes_credit_for_the_next_invoice(
    shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient
) -> None:
    subscription = shop.subscription(amount=1000)
    sandbox.advance(seconds=14 * DAY)
    change(shop, subscription, amount=600, proration_behavior="always_invoice")
    assert client.v1.customers.retrieve(str(subscription.customer)).balance == -200

    sandbox.advance(to=at("2026-03-01"))

    newest = client.v1.invoices.list().data[0]
    assert (newest.total, newest.amount_due, newest.amount_paid) == (600, 400, 400)
    assert client.v1.customers.retrieve(str(subscription.customer)).balance == 0


def test_another_interval_begins_a_new_period_and_bills_it(
    shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient
) -> None:
    subscription = shop.subscription()
    sandbox.advance(seconds=DAY)
    changed = change(
        shop, subscription, amount=5000, interval="year", proration_behavior="none"
    )  # fmt: skip

    item = changed["items"].data[0]
    assert (item.current_period_start, item.current_period_end) == (
        at("2026-02-01 12:00"), at("2027-02-01 12:00"),
    )  # fmt: skip
    assert client.v1.invoices.retrieve(str(changed.latest_invoice)).amount_paid == 5000


def test_a_preview_shows_the_next_charge_and_keeps_nothing(
    shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient, postbox: Postbox
) -> None:
    subscription = shop.subscription()
    sandbox.deliver()
    postbox.letters.clear()
    item = subscription["items"].data[0]

    params: Any = {
        "subscription": subscription.id,
        "subscription_details": {
            "items": [{"id": item.id, "price_data": priced(shop, 900)}],
            "proration_behavior": "none",
        },
    }
    preview = client.v1.invoices.create_preview(params)
    sandbox.deliver()

    assert preview.total == 900
    assert preview.id.startswith("upcoming_in_")
    assert preview.next_payment_attempt == at("2026-02-28 13:00")
    assert preview.lines.data[0].period.start == at("2026-02-28 12:00")
    assert postbox.types() == []
    same = client.v1.subscriptions.retrieve(subscription.id)
    assert same["items"].data[0].price.unit_amount == 500
    assert len(client.v1.invoices.list().data) == 1


def test_a_planned_end_can_be_taken_back(
    shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient
) -> None:
    subscription = shop.subscription()
    planned = client.v1.subscriptions.update(
        subscription.id,
        {
            "cancel_at_period_end": True,
            "cancellation_details": {"feedback": "too_expensive", "comment": "Sorry"},
        },
    )
    assert planned.cancel_at == at("2026-02-28 12:00")
    assert planned.canceled_at == sandbox.now()
    assert planned.cancellation_details is not None
    assert planned.cancellation_details.reason == "cancellation_requested"
    assert planned.cancellation_details.feedback == "too_expensive"

    undone = client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": False})
    assert (undone.cancel_at, undone.canceled_at) == (None, None)
    sandbox.advance(to=at("2026-03-01"))

    assert client.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_a_planned_end_comes_at_the_end_of_the_period(
    shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient, postbox: Postbox
) -> None:
    subscription = shop.subscription()
    client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    asked_at = sandbox.now()
    sandbox.advance(to=at("2026-03-01"))
    sandbox.deliver()

    over = client.v1.subscriptions.retrieve(subscription.id)
    assert (over.status, over.ended_at) == ("canceled", at("2026-02-28 12:00"))
    assert over.canceled_at == asked_at
    assert len(client.v1.invoices.list().data) == 1
    assert postbox.types().count("customer.subscription.deleted") == 1


def test_an_end_now_stops_what_was_drafted(
    shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient
) -> None:
    subscription = shop.subscription()
    sandbox.advance(to=at("2026-02-28 12:30"))
    over = client.v1.subscriptions.cancel(subscription.id)
    sandbox.advance(seconds=40 * DAY)

    assert over.status == "canceled"
    newest = client.v1.invoices.list().data[0]
    assert (newest.status, newest.auto_advance) == ("draft", False)
    assert len(client.v1.charges.list().data) == 1


def test_an_end_can_be_planned_for_a_date(
    shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient
) -> None:
    subscription = shop.subscription()
    client.v1.subscriptions.update(subscription.id, {"cancel_at": at("2026-02-10")})
    sandbox.advance(to=at("2026-02-11"))

    over = client.v1.subscriptions.retrieve(subscription.id)
    assert (over.status, over.ended_at) == ("canceled", at("2026-02-10"))


@pytest.mark.parametrize(
    ("behavior", "status"),
    [("void", "void"), ("mark_uncollectible", "uncollectible"), ("keep_as_draft", "draft")],
)
def test_a_pause_of_collection_charges_nothing_until_it_ends(
    behavior: Any, status: str, shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient
) -> None:
    subscription = shop.subscription()
    client.v1.subscriptions.update(
        subscription.id,
        {"pause_collection": {"behavior": behavior, "resumes_at": at("2026-03-15")}},
    )
    sandbox.advance(to=at("2026-03-01"))
    assert client.v1.invoices.list().data[0].status == status
    assert client.v1.subscriptions.retrieve(subscription.id).status == "active"

    sandbox.advance(to=at("2026-04-01"))

    assert client.v1.subscriptions.retrieve(subscription.id).pause_collection is None
    assert client.v1.invoices.list().data[0].status == "paid"


@pytest.mark.sends_wrong_requests
def test_an_ended_subscription_cannot_be_changed_or_ended_again(
    shop: Shop, client: stripe.StripeClient
) -> None:
    subscription = shop.subscription()
    client.v1.subscriptions.cancel(subscription.id)

    with pytest.raises(stripe.InvalidRequestError):
        client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.subscriptions.cancel(subscription.id)
    assert refused.value.code == "resource_missing"
