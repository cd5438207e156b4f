from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

from app.sandbox import create_sandbox
from tests.sandbox.conftest import ENDPOINT, Postbox
from tests.sandbox.inprocess import stripe_client
from tests.sandbox.shopping import Shop

if TYPE_CHECKING:
    from pathlib import Path

    from app.sandbox import WiredSandbox

DAY = 86_400


def test_an_endpoint_gets_only_what_it_asked_for(
    shop: Shop, sandbox: WiredSandbox, postbox: Postbox
) -> None:
    sandbox.deliver()
    postbox.letters.clear()
    sandbox.add_endpoint(ENDPOINT, "whsec_other", ["invoice.paid", "charge.succeeded"])
    shop.buy()
    sandbox.deliver()

    assert postbox.types() == ["charge.succeeded", "invoice.paid"]


def test_an_endpoint_made_over_the_api_shows_its_secret_once(
    client: stripe.StripeClient, sandbox: WiredSandbox, postbox: Postbox
) -> None:
    made = client.v1.webhook_endpoints.create(
        {
            "url": "http://localhost:9000/hook",
            "enabled_events": ["customer.created"],
            "api_version": "2026-10-28.endive",
        }
    )
    assert made.secret is not None
    assert "secret" not in client.v1.webhook_endpoints.retrieve(made.id)
    client.v1.customers.create({})
    sandbox.deliver()

    accepted = 0
    for headers, body in postbox.letters:
        try:
            client.construct_event(body, headers["Stripe-Signature"], made.secret)
            accepted += 1
        except stripe.SignatureVerificationError:
            continue
    assert (len(postbox.letters), accepted) == (2, 1)


def test_a_disabled_or_deleted_endpoint_gets_nothing(
    client: stripe.StripeClient, sandbox: WiredSandbox, postbox: Postbox
) -> None:
    [endpoint] = client.v1.webhook_endpoints.list().data
    client.v1.webhook_endpoints.update(endpoint.id, {"disabled": True})
    client.v1.customers.create({})
    sandbox.deliver()
    assert postbox.types() == []

    client.v1.webhook_endpoints.update(endpoint.id, {"disabled": False})
    client.v1.customers.create({})
    client.v1.webhook_endpoints.delete(endpoint.id)
    sandbox.deliver()
    assert postbox.types() == []


def test_a_failed_delivery_is_tried_again_for_three_days_and_then_given_up(
    client: stripe.StripeClient, sandbox: WiredSandbox, postbox: Postbox
) -> None:
    postbox.status = 500
    client.v1.customers.create({})
    for _ in range(80):
        sandbox.deliver()
        sandbox.advance(seconds=3600)

    assert len(postbox.letters) == 11
    assert sandbox.deliveries()["states"] == {"failed": 1}
    [event] = client.v1.events.list({"delivery_success": False}).data
    assert event.pending_webhooks == 1


def test_a_month_passing_at_once_loses_no_event(
    client: stripe.StripeClient, sandbox: WiredSandbox, postbox: Postbox
) -> None:
    postbox.status = 503
    client.v1.customers.create({})
    sandbox.deliver()
    sandbox.advance(seconds=31 * DAY)
    postbox.status = 200

    assert sandbox.deliver()["delivered"] == 1
    assert postbox.types() == ["customer.created"] * 2


def test_an_event_knows_how_many_endpoints_still_wait(
    client: stripe.StripeClient, sandbox: WiredSandbox, postbox: Postbox
) -> None:
    client.v1.customers.create({})
    [event] = client.v1.events.list().data
    assert event.pending_webhooks == 1
    sandbox.deliver()

    assert client.v1.events.retrieve(event.id).pending_webhooks == 0
    assert client.v1.events.list({"delivery_success": True}).data[0].id == event.id


def test_an_event_can_be_sent_again(
    client: stripe.StripeClient, sandbox: WiredSandbox, postbox: Postbox
) -> None:
    client.v1.customers.create({})
    sandbox.deliver()
    event = postbox.events()[0]["id"]

    assert sandbox.resend(event) == {"event": event, "endpoints": 1}
    sandbox.deliver()
    assert [one["id"] for one in postbox.events()] == [event, event]


@pytest.mark.parametrize("copies", [2, 5])
def test_events_can_come_several_times(
    copies: int, client: stripe.StripeClient, sandbox: WiredSandbox, postbox: Postbox
) -> None:
    sandbox.knobs(duplicate=copies)
    client.v1.customers.create({})
    sandbox.deliver(workers=4)

    assert len(postbox.letters) == copies
    assert len({one["id"] for one in postbox.events()}) == 1


def test_events_can_change_places_and_a_seed_decides_how(
    shop: Shop, sandbox: WiredSandbox, postbox: Postbox
) -> None:
    def order(seed: int) -> list[str]:
        sandbox.deliver()
        postbox.letters.clear()
        sandbox.knobs(reorder=True, seed=seed)
        shop.buy()
        sandbox.knobs(reorder=False)
        sandbox.deliver()
        return postbox.types()

    orders = [order(seed) for seed in range(3)]
    assert sorted(orders[0]) == sorted(orders[1]) == sorted(orders[2])
    assert len({tuple(one) for one in orders}) == 3


def test_events_can_be_delayed_and_held(
    client: stripe.StripeClient, sandbox: WiredSandbox, postbox: Postbox
) -> None:
    sandbox.knobs(delay=600)
    client.v1.customers.create({})
    assert sandbox.deliver()["sent"] == 0
    sandbox.advance(seconds=600)
    sandbox.knobs(paused=True)
    assert sandbox.deliver()["sent"] == 0
    sandbox.knobs(paused=False)

    assert sandbox.deliver()["sent"] == 1


def test_events_can_be_lost_and_are_still_listed(
    client: stripe.StripeClient, sandbox: WiredSandbox, postbox: Postbox
) -> None:
    sandbox.knobs(drop=0.3)
    for _ in range(60):
        client.v1.customers.create({})
    sandbox.deliver()
    lost = client.v1.events.list({"delivery_success": False, "limit": 100}).data

    assert len(postbox.letters) + len(lost) == 60
    assert 5 < len(lost) < 35


def test_an_old_version_has_the_old_places_beside_the_new(tmp_path: Path) -> None:
    # Unwatched: the contract check judges by today's shapes.
    postbox = Postbox()
    sandbox = create_sandbox(tmp_path / "old.db", sender=postbox.send)
    sandbox.add_endpoint(ENDPOINT, "whsec_old", ["*"], api_version="2022-11-15")
    bought = Shop(sandbox, stripe_client(sandbox.wsgi)).buy()
    sandbox.deliver()
    sandbox.close()

    told = {one["type"]: one for one in postbox.events()}
    assert told["invoice.paid"]["api_version"] == "2022-11-15"
    invoice = told["invoice.paid"]["data"]["object"]
    assert invoice["paid"] is True
    assert invoice["subscription"] == bought["subscription"]
    assert invoice["payment_intent"].startswith("pi_")
    assert invoice["charge"].startswith("ch_")
    assert invoice["parent"]["subscription_details"]["subscription"] == bought["subscription"]
    assert invoice["lines"]["data"][0]["price"]["unit_amount"] == 500
    subscription = told["customer.subscription.created"]["data"]["object"]
    item = subscription["items"]["data"][0]
    assert subscription["current_period_end"] == item["current_period_end"]
    assert told["charge.succeeded"]["data"]["object"]["invoice"] == bought["invoice"]


def test_created_can_be_made_to_tie(
    client: stripe.StripeClient, sandbox: WiredSandbox, postbox: Postbox
) -> None:
    sandbox.knobs(same_second=3600)
    customer = client.v1.customers.create({})
    for name in ("a", "b", "c"):
        sandbox.advance(seconds=60)
        client.v1.customers.update(customer.id, {"name": name})
    sandbox.deliver()

    stamps = {one["created"] for one in postbox.events()}
    assert len(stamps) == 1
    assert stamps.pop() <= customer.created


def test_events_are_listed_by_type_and_for_thirty_days(
    shop: Shop, client: stripe.StripeClient, sandbox: WiredSandbox
) -> None:
    shop.buy()
    paid = client.v1.events.list({"type": "invoice.paid"}).data
    assert [one.type for one in paid] == ["invoice.paid"]
    some = client.v1.events.list({"types": ["charge.*", "checkout.session.completed"]}).data
    assert {one.type for one in some} == {"charge.succeeded", "checkout.session.completed"}
    sandbox.deliver()
    sandbox.advance(seconds=32 * DAY)

    with pytest.raises(stripe.InvalidRequestError):
        client.v1.events.retrieve(paid[0].id)


def test_a_coming_renewal_is_told_without_an_id(
    shop: Shop, sandbox: WiredSandbox, postbox: Postbox
) -> None:
    sandbox.knobs(upcoming_days=7)
    shop.buy()
    sandbox.advance(seconds=22 * DAY)
    sandbox.deliver()

    [coming] = postbox.objects("invoice.upcoming")
    assert "id" not in coming
    assert (coming["total"], coming["billing_reason"]) == (500, "upcoming")


@pytest.mark.parametrize(
    "wrong",
    [{"duplicate": 9}, {"drop": 2}, {"order": "C"}, {"after_retries": "x"}, {"colour": 1}],
)
def test_a_knob_that_does_not_exist_or_fit_is_refused(
    wrong: dict[str, Any], sandbox: WiredSandbox
) -> None:
    from app.sandbox.errors import RequestFailed

    with pytest.raises(RequestFailed):
        sandbox.knobs(**wrong)
