"""The first of the month: a thousand renewals at once cost next to no questions to Stripe."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from app.core.db import Database
from app.core.settings import Settings
from app.payments import changes, inbox, ledger
from app.payments.events import SUBSCRIBED
from app.payments.gateway import REF, Gateway
from app.payments.models import StripeEvent, StripeInvoice, Unclaimed
from app.sandbox import WiredSandbox, create_sandbox
from tests.clocks import FixedClock
from tests.contract.middleware import checked
from tests.rehearsing import NOWHERE, WEBHOOK
from tests.sandbox.inprocess import WsgiClient

if TYPE_CHECKING:
    from datetime import datetime

    from tests.contract.report import Report

pytestmark = pytest.mark.slow
RENEWALS = 1000
READS_PER_HUNDRED = 2


@dataclass(frozen=True)
class FirstOfTheMonth:
    """What the sandbox told when all joined, and when all renewed."""

    sandbox: WiredSandbox
    gateway: Gateway
    joining: list[dict[str, Any]]
    renewing: list[dict[str, Any]]
    now: datetime


@pytest.fixture(scope="module")
def burst(contract_report: Report) -> Iterator[FirstOfTheMonth]:
    letters: list[bytes] = []

    def keep(_url: str, _headers: dict[str, str], body: bytes) -> int:
        letters.append(body)
        return 200

    def delivered() -> list[dict[str, Any]]:
        while sandbox.deliver()["sent"]:
            pass
        found = [json.loads(letter) for letter in letters]
        letters.clear()
        return found

    sandbox = create_sandbox(":memory:", sender=keep, public_url=NOWHERE)
    sandbox.add_endpoint(WEBHOOK, "whsec_test", list(SUBSCRIBED))
    clock = FixedClock()
    clock.lead(sandbox)
    settings = Settings(
        app_env="test", secret_key="a key for tests only", site_url="http://localhost",
        stripe_secret_key="sk_test_sandbox", stripe_webhook_secret=("whsec_test",),
        stripe_api_base=NOWHERE,
    )  # fmt: skip
    subscribe(Gateway(settings, http_client=WsgiClient(sandbox.wsgi)))
    joining = delivered()
    clock.advance(days=32)
    renewing = delivered()
    gateway = Gateway(settings, http_client=WsgiClient(checked(sandbox.wsgi, contract_report)))
    yield FirstOfTheMonth(sandbox, gateway, joining, renewing, clock())
    sandbox.close()


def subscribe(gateway: Gateway) -> None:
    """A thousand subscriptions of one customer: quicker than a thousand checkouts."""
    client: Any = gateway._client
    customer = client.v1.customers.create({"email": "ann@example.org"}).id
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    ready = {"invoice_settings": {"default_payment_method": card}}
    client.v1.customers.update(customer, ready)
    product = client.v1.products.create({"name": "Coffee"})
    price = {
        "currency": "eur", "product": product.id, "unit_amount": 300,
        "recurring": {"interval": "month"},
    }  # fmt: skip
    for number in range(RENEWALS):
        meta = {REF: f"00000000-0000-4000-8000-{number:012d}"}
        # Raw, as nobody reads the answers: a third of the time would go into their objects.
        answer = client.raw_request(
            "post", "/v1/subscriptions",
            customer=customer, items=[{"price_data": price}], metadata=meta,
        )  # fmt: skip
        assert answer.code == 200, answer.body


def test_a_burst_of_a_thousand_renewals_asks_stripe_for_next_to_nothing(
    db: Database, burst: FirstOfTheMonth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "on_change", [])
    take_in(db, burst, burst.joining)
    mixed = random.Random(1).sample(burst.renewing, len(burst.renewing))
    twins = mixed[:: len(mixed) // (len(mixed) // 20)]
    burst.sandbox.counts(reset=True)

    take_in(db, burst, mixed + twins)

    assert burst.sandbox.counts()["reads"] <= RENEWALS // 100 * READS_PER_HUNDRED
    with db.reading() as session:
        states = dict(
            session.execute(
                sa.select(StripeEvent.state, sa.func.count()).group_by(StripeEvent.state)
            ).all()
        )
        paid = sa.select(sa.func.count()).where(StripeInvoice.status == "paid")
        assert set(states) <= {"handled", "ignored"}
        assert session.scalar(paid) == 2 * RENEWALS
        assert session.scalars(sa.select(Unclaimed)).all() == []
        assert ledger.totals(session) == {
            "EUR": {"patrons": -600 * RENEWALS, "stripe": 600 * RENEWALS}
        }


def take_in(db: Database, burst: FirstOfTheMonth, events: list[dict[str, Any]]) -> None:
    with db.transaction() as session:
        inbox.take(session, events, burst.now)
    while inbox.handle_due(db, burst.gateway, now=burst.now):
        pass
