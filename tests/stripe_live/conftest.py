"""Stripe from two sides: the sandbox in every run, the real one with ``--stripe-live``.

The scenarios use nothing but the API and Stripe's own test cards, so both must answer alike. All
traffic is held against the SDK's types; this is how the sandbox and the check are kept honest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import stripe

from app.core.settings import STRIPE_API, Settings
from app.payments.gateway import API_VERSION, Gateway
from app.sandbox import create_sandbox
from tests.contract.decoding import decode_form
from tests.contract.middleware import checked
from tests.rehearsing import NOWHERE, SHELL_KEY
from tests.sandbox.inprocess import WsgiClient

if TYPE_CHECKING:
    from tests.contract.report import Report


@dataclass(frozen=True)
class Peer:
    """The product's gateway, and the SDK for what the product leaves to readers and to Stripe."""

    gateway: Gateway
    sdk: stripe.StripeClient


class WatchedClient(stripe.HTTPClient):
    """The network, with every request and answer checked."""

    name = "watched"

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report
        self.network = stripe.RequestsClient(timeout=(5, 60))

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        **_: Any,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Ask Stripe."""
        parts = urlsplit(url)
        self.report.saw_request(method, parts.path, decode_form(post_data or parts.query))
        body, status, answered = self.network.request(method, url, headers, post_data)
        self.report.saw_answer(method, parts.path, status, json.loads(body))
        return body.decode(), status, answered

    def close(self) -> None:
        """Let the connections go."""
        self.network.close()  # type: ignore[no-untyped-call]


@pytest.fixture
def peer(pytestconfig: pytest.Config, contract_report: Report) -> Iterator[Peer]:
    if pytestconfig.getoption("--stripe-live"):
        network = WatchedClient(contract_report)
        yield peer_of(network, pytestconfig.stash[SHELL_KEY], STRIPE_API)
        network.close()
    else:
        sandbox = create_sandbox(":memory:", public_url=NOWHERE)
        client = WsgiClient(checked(sandbox.wsgi, contract_report))
        yield peer_of(client, "sk_test_sandbox", NOWHERE)
        sandbox.close()


def peer_of(client: stripe.HTTPClient, key: str, base: str) -> Peer:
    stripe.enable_telemetry = False
    settings = Settings(
        app_env="test",
        secret_key="a key for tests only",
        site_url="http://localhost",
        stripe_secret_key=key,
        stripe_webhook_secret=("whsec_test",),
        stripe_api_base=base,
    )
    sdk = stripe.StripeClient(
        key, stripe_version=API_VERSION, base_addresses={"api": base}, http_client=client
    )
    return Peer(Gateway(settings, http_client=client, patience="worker"), sdk)
