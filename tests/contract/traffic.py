"""A few months of real traffic between the SDK and the sandbox, kept whole to be looked at."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import stripe

from app.sandbox import Sandbox, create_sandbox
from tests.contract.middleware import checked, checked_sender
from tests.contract.report import Report
from tests.sandbox.inprocess import stripe_client

DAY = 86_400
PAYS, ASKS, REFUSED = "4242424242424242", "4000002500003155", "4000000000009995"
PAYS_LATER, FAILS_LATER = "DE89370400440532013000", "DE62370400440532013001"


@dataclass(frozen=True)
class Sent:
    """A request as it was sent."""

    method: str
    path: str
    params: Mapping[str, Any]


class KeptTraffic(Report):
    """A report that also keeps what it saw."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Sent] = []
        self.served: list[Any] = []
        self.told: list[dict[str, Any]] = []

    def saw_request(self, method: str, path: str, params: Mapping[str, Any]) -> None:
        self.sent.append(Sent(method, path, params))
        super().saw_request(method, path, params)

    def saw_answer(self, method: str, path: str, status: int, body: Any) -> None:
        self.served.append(body)
        super().saw_answer(method, path, status, body)

    def saw_event(self, payload: bytes | str) -> None:
        self.told.append(json.loads(payload))
        super().saw_event(payload)

    def samples(self) -> dict[str, dict[str, Any]]:
        """The fullest object of each kind that was served or told, by its ``object`` value."""
        found: dict[str, dict[str, Any]] = {}
        for obj in _objects([self.served, self.told]):
            kind = obj["object"]
            if len(obj) > len(found.get(kind, ())):
                found[kind] = obj
        return found


def play() -> KeptTraffic:
    """Join, pay, fail, raise, stop, give back, and let ten weeks go by."""
    traffic = KeptTraffic()
    sandbox = create_sandbox(":memory:", sender=checked_sender(_arrives, traffic))
    try:
        client = stripe_client(checked(sandbox.wsgi, traffic))
        sandbox.add_endpoint("http://127.0.0.1:1/hook", "whsec_traffic", ["*"])
        product = client.v1.products.create({"name": "A coffee a month"}).id
        paid = _join(client, sandbox, product)
        _change(client, product, paid)
        for _ in range(5):
            sandbox.advance(seconds=14 * DAY)
            sandbox.deliver()
        _look(client, paid)
        _end(client, sandbox)
    finally:
        sandbox.close()
    return traffic


def _arrives(url: str, headers: dict[str, str], body: bytes) -> int:
    return 200


def _join(client: stripe.StripeClient, sandbox: Sandbox, product: str) -> list[str]:
    """Readers pay in every way there is; returns the subscriptions of those who paid."""
    made = []
    for number, card in enumerate((PAYS, ASKS, REFUSED, PAYS_LATER, FAILS_LATER, PAYS)):
        for mode in ("subscription", "payment"):
            session = client.v1.checkout.sessions.create(
                _checkout(product, mode, f"reader{number}.{mode}@example.org")
            )
            later = "insufficient_funds" if number == 5 else None
            made.append(sandbox.pay(session.id, card, name="Reader", after_first=later))
    return [one["subscription"] for one in made if one["subscription"]]


def _checkout(product: str, mode: str, email: str) -> Any:
    price: dict[str, Any] = {"currency": "eur", "product": product, "unit_amount": 300}
    params: dict[str, Any] = {
        "mode": mode,
        "success_url": "https://news.example/join/thanks?session_id={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://news.example/join",
        "customer_email": email,
        "locale": "auto",
        "adaptive_pricing": {"enabled": False},
        "custom_text": {"submit": {"message": "You will be charged 3 € today."}},
        "metadata": {"pledge": "01J"},
        "line_items": [{"quantity": 1, "price_data": price}],
    }
    if mode == "subscription":
        price["recurring"] = {"interval": "month"}
        return params | {"subscription_data": {"metadata": {"pledge": "01J"}}}
    return params | {
        "customer_creation": "always",
        "payment_intent_data": {"metadata": {"pledge": "01J"}},
    }


def _change(client: stripe.StripeClient, product: str, subscriptions: list[str]) -> None:
    """One reader raises, one stops at the end of the period, one is refunded in part."""
    first = client.v1.subscriptions.retrieve(subscriptions[0], {"expand": ["latest_invoice"]})
    client.v1.subscriptions.update(
        subscriptions[0],
        {
            "items": [
                {
                    "id": first.items.data[0].id,
                    "price_data": {
                        "currency": "eur",
                        "product": product,
                        "unit_amount": 500,
                        "recurring": {"interval": "month"},
                    },
                }
            ],
            "proration_behavior": "create_prorations",
        },
    )
    client.v1.subscriptions.update(subscriptions[1], {"cancel_at_period_end": True})
    charge = next(one for one in client.v1.charges.list().data if one.status == "succeeded")
    client.v1.refunds.create({"charge": charge.id, "amount": 100})


def _look(client: stripe.StripeClient, subscriptions: list[str]) -> None:
    """Read everything there is, with what can be expanded."""
    v1 = client.v1
    v1.customers.list()
    v1.prices.list()
    v1.payment_intents.list({"expand": ["data.latest_charge"]})
    v1.charges.list({"limit": 50, "expand": ["data.balance_transaction"]})
    v1.balance_transactions.list()
    v1.refunds.list()
    v1.events.list({"limit": 100})
    v1.webhook_endpoints.list()
    v1.invoice_payments.list()
    for session in v1.checkout.sessions.list({"limit": 2}).data:
        v1.checkout.sessions.line_items.list(session.id)
    for subscription in subscriptions:
        v1.subscriptions.retrieve(
            subscription, {"expand": ["default_payment_method", "latest_invoice.payments"]}
        )
        v1.invoices.list({"subscription": subscription, "expand": ["data.payments"]})


def _end(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    """Somebody leaves, a session closes unpaid, and a wrong id is asked for."""
    v1 = client.v1
    customer = v1.customers.create({"email": "leaving@example.org"})
    v1.customers.update(customer.id, {"name": "Leaving"})
    v1.customers.delete(customer.id)
    product = v1.products.list().data[0].id
    session = v1.checkout.sessions.create(_checkout(product, "payment", "late@example.org"))
    v1.checkout.sessions.expire(session.id)
    v1.subscriptions.cancel(v1.subscriptions.list({"status": "active"}).data[0].id)
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        v1.customers.retrieve("cus_nobody")
    sandbox.deliver()


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object with a kind inside a document."""
    if isinstance(value, list):
        for item in value:
            yield from _objects(item)
    elif isinstance(value, dict):
        if isinstance(value.get("object"), str):
            yield value
        for item in value.values():
            yield from _objects(item)
