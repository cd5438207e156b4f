"""Stripe's events of as many patrons as wanted: one patron's life at the sandbox, retold of each.

The life is a checkout that was paid and a renewal a month later, which is about now.
"""

from __future__ import annotations

import hmac
import json
import re
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from app.core.clock import wall_clock
from app.core.settings import Settings
from app.payments.events import HANDLED, SUBSCRIBED
from app.payments.gateway import Gateway
from app.sandbox import create_sandbox
from tests.benchmarks.places import NOWHERE, WEBHOOK_SECRET
from tests.clocks import FixedClock
from tests.payments.till import GOOD
from tests.sandbox.inprocess import WsgiClient

AMOUNT = 500  # cents a month
EMAIL = "ann@example.org"
REF = "00000000-0000-4000-8000-000000000000"
ID = re.compile(r'"((?:[a-z]{2,8})_(?:test_)?[A-Za-z0-9]{16,})"')
Json = dict[str, Any]


class Life:
    """What was told when one patron joined, and when they renewed."""

    def __init__(self) -> None:
        self.joining, self.renewing = _live()

    def joined(self, number: int) -> list[Json]:
        """The events of this patron's joining."""
        return [json.loads(text) for text in _retold(self.joining, number)]

    def renewed(self, number: int) -> list[bytes]:
        """The bodies of this patron's renewal, five events."""
        return [text.encode() for text in _retold(self.renewing, number)]


def ref_of(number: int) -> str:
    """The reference that this patron's objects carry."""
    return f"00000000-0000-4000-8000-{number:012d}"


def email_of(number: int) -> str:
    """Where this patron gets mail."""
    return f"ann{number}@example.org"


def signed(body: bytes, at: datetime) -> dict[str, str]:
    """The header that makes a body Stripe's."""
    stamp = str(int(at.timestamp())).encode()
    signature = hmac.new(WEBHOOK_SECRET.encode(), stamp + b"." + body, sha256).hexdigest()
    return {"Stripe-Signature": f"t={stamp.decode()},v1={signature}"}


def _live() -> tuple[list[str], list[str]]:
    letters: list[Json] = []

    def keep(_url: str, _headers: dict[str, str], body: bytes) -> int:
        letters.append(json.loads(body))
        return 200

    sandbox = create_sandbox(":memory:", sender=keep, public_url=NOWHERE)
    sandbox.add_endpoint(f"{NOWHERE}/stripe/webhook", WEBHOOK_SECRET, list(SUBSCRIBED))
    clock = FixedClock(wall_clock() - timedelta(days=33))
    clock.lead(sandbox)
    session = _open(Gateway(_settings(), http_client=WsgiClient(sandbox.wsgi)), clock())
    sandbox.pay(session["id"], GOOD, name="Ann")
    clock.advance(minutes=1)
    joining = _delivered(sandbox, letters)
    clock.advance(days=32)
    renewing = _delivered(sandbox, letters)
    sandbox.close()
    for second, event in enumerate(joining):  # no two in one second: nothing to ask Stripe for
        event["created"] += second
    return [json.dumps(event) for event in joining], [json.dumps(event) for event in renewing]


def _open(gateway: Gateway, now: datetime) -> Json:
    return gateway.create_checkout(
        key="key", ref=REF, mode="subscription", currency="EUR", total=AMOUNT, interval="month",
        product_name="Patron of the newsroom", email=EMAIL, language="en",
        submit_text="You will be charged today and each month until you stop.",
        success_url="https://patrons.example/join/thanks?session_id={CHECKOUT_SESSION_ID}",
        cancel_url="https://patrons.example/join", expires_at=now + timedelta(hours=2),
    )  # fmt: skip


def _settings() -> Settings:
    return Settings(
        app_env="test", secret_key="a key for benchmarks only", site_url="http://localhost",
        stripe_secret_key="sk_test_sandbox", stripe_webhook_secret=(WEBHOOK_SECRET,),
        stripe_api_base=NOWHERE,
    )  # fmt: skip


def _delivered(sandbox: Any, letters: list[Json]) -> list[Json]:
    while sandbox.deliver()["sent"]:
        pass
    told = [letter for letter in letters if letter["type"] in HANDLED]
    letters.clear()
    return told


def _retold(texts: list[str], number: int) -> list[str]:
    """The same of another patron: every id, the reference and the address are their own."""
    retold = []
    for text in texts:
        own = ID.sub(rf'"\1n{number}"', text)
        retold.append(own.replace(REF, ref_of(number)).replace(EMAIL, email_of(number)))
    return retold
