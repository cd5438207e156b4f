"""A sandbox whose clock stands still, the SDK's client on it, and a reader of its events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from app.sandbox import create_sandbox
from tests.contract.middleware import checked, checked_sender
from tests.sandbox.inprocess import stripe_client
from tests.sandbox.shopping import Shop

if TYPE_CHECKING:
    from pathlib import Path

    import stripe

    from app.sandbox import WiredSandbox
    from tests.contract.report import Report

SECRET = "whsec_of_the_tests"
ENDPOINT = "http://localhost:8000/stripe/webhook"
START = 1_769_860_800  # 31 January 2026, 12:00 UTC


@dataclass
class Postbox:
    """An endpoint that keeps what it gets; ``status`` is what it answers."""

    status: int = 200
    letters: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def send(self, url: str, headers: dict[str, str], body: bytes) -> int:
        """Keep it."""
        self.letters.append((headers, body))
        return self.status

    def events(self) -> list[dict[str, Any]]:
        """What has come, in its order."""
        return [json.loads(body) for _, body in self.letters]

    def types(self) -> list[str]:
        """The types of what has come, in its order."""
        return [event["type"] for event in self.events()]

    def objects(self, event_type: str) -> list[dict[str, Any]]:
        """The snapshots in the events of a type."""
        return [one["data"]["object"] for one in self.events() if one["type"] == event_type]


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
def sandbox(tmp_path: Path, postbox: Postbox, contract_report: Report) -> Iterator[WiredSandbox]:
    made = create_sandbox(
        tmp_path / "sandbox.db", sender=checked_sender(postbox.send, contract_report)
    )
    made.freeze(START)
    made.add_endpoint(ENDPOINT, SECRET, ["*"])
    yield made
    made.close()


@pytest.fixture
def client(sandbox: WiredSandbox, contract_report: Report) -> stripe.StripeClient:
    return stripe_client(checked(sandbox.wsgi, contract_report))


@pytest.fixture
def shop(sandbox: WiredSandbox, client: stripe.StripeClient) -> Shop:
    return Shop(sandbox, client)
