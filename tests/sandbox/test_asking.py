from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
import stripe
from werkzeug.test import Client

from tests.sandbox.inprocess import ADDRESS, KEY, stripe_client

if TYPE_CHECKING:
    from app.sandbox import WiredSandbox
    from tests.contract.report import Report
    from tests.sandbox.shopping import Shop


def ask(sandbox: WiredSandbox, method: str, path: str, body: str = "", **headers: str) -> Any:
    given = {"Authorization": f"Bearer {KEY}"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return Client(sandbox.wsgi).open(
        path, method=method, data=body, base_url=ADDRESS, headers=given,
        content_type="application/x-www-form-urlencoded",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("authorization", "message"),
    [
        ("", "You did not provide an API key"),
        ("Bearer ", "You did not provide an API key"),
        ("Bearer sk_live_abc", "refuses live keys"),
        ("Bearer rk_live_abc", "refuses live keys"),
        ("Bearer nonsense", "Invalid API Key"),
        ("Basic !", "could not be read"),
    ],
)
def test_only_test_keys_are_let_in(authorization: str, message: str, sandbox: WiredSandbox) -> None:
    answer = ask(sandbox, "GET", "/v1/customers", Authorization=authorization)

    assert answer.status_code == 401
    assert message in answer.json["error"]["message"]
    assert "sk_live_abc" not in answer.text


def test_a_key_may_come_as_basic_auth(sandbox: WiredSandbox) -> None:
    answer = ask(sandbox, "GET", "/v1/customers", Authorization="Basic c2tfdGVzdF94Og==")

    assert answer.status_code == 200
    assert answer.headers["Request-Id"].startswith("req_")
    assert answer.headers["Stripe-Version"] == "2026-10-28.endive"


def test_an_unknown_address_says_so(sandbox: WiredSandbox) -> None:
    answer = ask(sandbox, "GET", "/v1/nothing")

    assert answer.status_code == 404
    assert "Unrecognized request URL (GET: /v1/nothing)" in answer.json["error"]["message"]


@pytest.mark.sends_wrong_requests
@pytest.mark.parametrize(
    ("path", "body", "param", "code"),
    [
        ("/v1/customers", "colour=red", "colour", "parameter_unknown"),
        ("/v1/customers", "address[planet]=x", "address[planet]", "parameter_unknown"),
        ("/v1/customers", "balance=many", "balance", "parameter_invalid_integer"),
        ("/v1/customers", "email=nobody", "email", "email_invalid"),
        ("/v1/customers", "metadata[a]=" + "x" * 501, "metadata", None),
        ("/v1/customers", "name=a%00b", "name", None),
        ("/v1/products", "", "name", "parameter_missing"),
        ("/v1/products", "name=", "name", "parameter_invalid_empty"),
        ("/v1/refunds", "amount=5", "payment_intent", "parameter_missing"),
        ("/v1/refunds", "charge=ch_none", "charge", "resource_missing"),
        ("/v1/checkout/sessions", "mode=dance", "mode", None),
    ],
)
def test_a_wrong_parameter_is_named(
    path: str, body: str, param: str, code: str | None, sandbox: WiredSandbox
) -> None:
    answer = ask(sandbox, "POST", path, body)

    assert answer.status_code == 400
    error = answer.json["error"]
    assert (error.get("param"), error.get("code")) == (param, code)
    assert error["type"] == "invalid_request_error"
    assert answer.headers["Stripe-Should-Retry"] == "false"


def test_a_body_that_is_no_form_is_refused_and_not_a_fault(sandbox: WiredSandbox) -> None:
    deep = "a" + "[b]" * 50 + "=1"
    for body in (deep, "%ff=1", "[x]=1", "a=1&a[b]=2"):
        assert ask(sandbox, "POST", "/v1/customers", body).status_code == 400


def test_what_is_not_there_is_a_404(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as missing:
        client.v1.customers.retrieve("cus_nobody")

    assert missing.value.http_status == 404
    assert missing.value.code == "resource_missing"
    assert "No such customer: 'cus_nobody'" in str(missing.value)


def test_a_list_goes_page_by_page_both_ways(client: stripe.StripeClient) -> None:
    made = [client.v1.customers.create({"name": str(number)}).id for number in range(7)]
    newest_first = made[::-1]

    first = client.v1.customers.list({"limit": 3})
    assert [one.id for one in first.data] == newest_first[:3]
    assert first.has_more is True
    second = client.v1.customers.list({"limit": 3, "starting_after": first.data[-1].id})
    assert [one.id for one in second.data] == newest_first[3:6]
    back = client.v1.customers.list({"limit": 3, "ending_before": second.data[0].id})
    assert [one.id for one in back.data] == newest_first[:3]
    assert back.has_more is False
    assert [one.id for one in first.auto_paging_iter()] == newest_first


def test_a_list_can_be_narrowed_by_time(client: stripe.StripeClient, sandbox: WiredSandbox) -> None:
    early = client.v1.customers.create({}).id
    start = sandbox.now()
    sandbox.advance(seconds=100)
    late = client.v1.customers.create({}).id

    def found(created: Any) -> list[str]:
        return [one.id for one in client.v1.customers.list({"created": created}).data]

    assert found({"gt": start}) == [late]
    assert found({"lte": start}) == [early]
    assert found({"gte": start, "lt": start + 101}) == [late, early]
    assert found(start) == [early]


@pytest.mark.sends_wrong_requests
def test_a_foreign_cursor_and_a_wrong_limit_are_refused(client: stripe.StripeClient) -> None:
    for params in ({"starting_after": "cus_x"}, {"limit": 0}, {"limit": 101}):
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.customers.list(params)  # type: ignore[arg-type]


def test_objects_are_expanded_along_a_path(shop: Shop, client: stripe.StripeClient) -> None:
    bought = shop.buy()

    invoice = client.v1.invoices.retrieve(
        bought["invoice"], {"expand": ["payments.data.payment.payment_intent", "customer"]}
    )
    assert invoice.payments is not None
    intent = invoice.payments.data[0].payment.payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    assert isinstance(invoice.customer, stripe.Customer)
    listed = client.v1.charges.list({"expand": ["data.payment_intent.latest_charge"]})
    again = listed.data[0].payment_intent
    assert isinstance(again, stripe.PaymentIntent)
    assert isinstance(again.latest_charge, stripe.Charge)
    session = client.v1.checkout.sessions.retrieve(
        bought["session"], {"expand": ["line_items", "subscription.latest_invoice"]}
    )
    assert session.line_items is not None
    assert session.line_items.data[0].amount_total == 500
    assert isinstance(session.subscription, stripe.Subscription)


def test_what_is_not_asked_for_is_not_there(shop: Shop, client: stripe.StripeClient) -> None:
    bought = shop.buy()

    assert "payments" not in client.v1.invoices.retrieve(bought["invoice"])
    assert "line_items" not in client.v1.checkout.sessions.retrieve(bought["session"])


@pytest.mark.sends_wrong_requests
@pytest.mark.parametrize("path", ["email", "nothing", "customer.subscriptions.data.customer.x"])
def test_what_cannot_be_expanded_is_refused(
    path: str, shop: Shop, client: stripe.StripeClient
) -> None:
    bought = shop.buy()

    with pytest.raises(stripe.InvalidRequestError):
        client.v1.invoices.retrieve(bought["invoice"], {"expand": [path]})


def test_the_same_key_executes_once(client: stripe.StripeClient) -> None:
    first = client.v1.customers.create({"name": "Ann"}, {"idempotency_key": "k1"})
    again = client.v1.customers.create({"name": "Ann"}, {"idempotency_key": "k1"})

    assert first.id == again.id
    assert len(client.v1.customers.list().data) == 1


def test_a_replayed_answer_says_so(sandbox: WiredSandbox) -> None:
    ask(sandbox, "POST", "/v1/customers", "name=Ann", Idempotency_Key="k")
    again = ask(sandbox, "POST", "/v1/customers", "name=Ann", Idempotency_Key="k")

    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Original-Request"] != again.headers["Request-Id"]


def test_a_key_is_not_for_other_parameters(client: stripe.StripeClient) -> None:
    client.v1.customers.create({"name": "Ann"}, {"idempotency_key": "k1"})

    with pytest.raises(stripe.IdempotencyError) as refused:
        client.v1.customers.create({"name": "Ben"}, {"idempotency_key": "k1"})
    assert refused.value.http_status == 400


def test_a_stored_500_is_answered_again(sandbox: WiredSandbox, client: stripe.StripeClient) -> None:
    sandbox.fault("500_stored", path="/v1/customers")
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            client.v1.customers.create({}, {"idempotency_key": "k1"})

    assert client.v1.customers.list().data == []


def test_a_key_in_use_is_a_conflict(sandbox: WiredSandbox, client: stripe.StripeClient) -> None:
    statuses = []

    def create() -> None:
        answer = ask(sandbox, "POST", "/v1/customers", "name=A", Idempotency_Key="k")
        statuses.append(answer.status_code)

    with sandbox.act():  # holds the only writer back
        threads = [threading.Thread(target=create) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads[1:]:
            thread.join(timeout=0.2)
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [200, 409, 409, 409]
    assert len(client.v1.customers.list().data) == 1


def test_keys_are_forgotten_after_two_days(
    sandbox: WiredSandbox, client: stripe.StripeClient
) -> None:
    first = client.v1.customers.create({}, {"idempotency_key": "k1"})
    sandbox.advance(seconds=3 * 86_400)
    again = client.v1.customers.create({}, {"idempotency_key": "k1"})

    assert first.id != again.id


def test_many_at_once_lose_nothing(sandbox: WiredSandbox, contract_report: Report) -> None:
    def create() -> None:
        mine = stripe_client(sandbox.wsgi)
        for _ in range(20):
            mine.v1.customers.create({"name": "Ann"})

    threads = [threading.Thread(target=create) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    client = stripe_client(sandbox.wsgi)
    found = [one.id for one in client.v1.customers.list({"limit": 100}).auto_paging_iter()]
    assert len(set(found)) == 120


def test_requests_are_counted_by_route(
    shop: Shop, sandbox: WiredSandbox, client: stripe.StripeClient
) -> None:
    bought = shop.buy()
    sandbox.counts(reset=True)
    client.v1.invoices.retrieve(bought["invoice"])
    client.v1.invoices.retrieve(bought["invoice"])
    client.v1.customers.create({})

    assert sandbox.counts() == {
        "reads": 2,
        "writes": 1,
        "routes": {"GET /v1/invoices/{id}": 2, "POST /v1/customers": 1},
    }


def test_an_act_within_an_act_is_the_same(sandbox: WiredSandbox) -> None:
    with sandbox.act() as outer, sandbox.act() as inner:
        first = outer.new_id("x_")
        assert inner is outer
        assert inner.new_id("x_") != first
        assert sandbox.now() == outer.now


def test_the_same_seed_gives_the_same_ids() -> None:
    from app.sandbox import create_sandbox

    made = []
    for seed in (1, 1, 2):
        sandbox = create_sandbox(":memory:", seed=seed)
        made.append(stripe_client(sandbox.wsgi).v1.customers.create({}).id)
        sandbox.close()

    assert made[0] == made[1] != made[2]


def test_what_was_sold_is_there_after_a_restart(sandbox: WiredSandbox, shop: Shop) -> None:
    from app.sandbox import create_sandbox

    bought = shop.buy()
    sandbox.close()

    again = create_sandbox(sandbox.store.path)
    client = stripe_client(again.wsgi)
    assert client.v1.subscriptions.retrieve(bought["subscription"]).status == "active"
    assert again.clock()["frozen"] is True
    again.close()
