"""Buying at the sandbox through our gateway, and reading what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from app.core.db import Database
from app.payments import inbox
from app.payments.gateway import Gateway
from app.payments.models import StripeEvent

if TYPE_CHECKING:
    from app.sandbox import WiredSandbox
    from tests.clocks import FixedClock

GOOD, SECURED, EMPTY = "4242424242424242", "4000002500003155", "4000000000009995"
DEBIT, BAD_DEBIT = "DE89370400440532013000", "DE62370400440532013001"
Json = dict[str, Any]


@dataclass
class Till:
    """Somebody at the counter: sells, and brings events over without any delivery."""

    sandbox: WiredSandbox
    gateway: Gateway
    clock: FixedClock
    db: Database
    numbers = count(1)

    def open(
        self,
        *,
        total: int = 500,
        currency: str = "EUR",
        interval: str | None = "month",
        email: str = "ann@example.org",
    ) -> tuple[str, Json]:
        """A reference of ours, and the Checkout session that carries it."""
        ref = f"00000000-0000-4000-8000-{next(self.numbers):012d}"
        session = self.gateway.create_checkout(
            key=f"key-{ref}",
            ref=ref,
            mode="subscription" if interval else "payment",
            currency=currency,
            total=total,
            interval=interval,
            product_name="Patron of the newsroom",
            email=email,
            language="en",
            submit_text="You will be charged today and each month until you stop.",
            success_url="http://localhost/join/thanks?session_id={CHECKOUT_SESSION_ID}",
            cancel_url="http://localhost/join",
            expires_at=self.clock() + timedelta(hours=2),
        )
        return ref, session

    def buy(self, card: str = GOOD, *, after_first: str | None = None, **what: Any) -> Json:
        """A session that was paid: what the sandbox says, with our ``ref``."""
        ref, session = self.open(**what)
        paid = self.sandbox.pay(session["id"], card, name="Ann", after_first=after_first)
        return paid | {"ref": ref}

    def fetch(self) -> int:
        """Take every event that Stripe lists into the inbox; gives how many it listed."""
        events = [event for page in self.gateway.pages("event") for event in page]
        with self.db.transaction() as session:
            inbox.take(session, events[::-1], self.clock())
        return len(events)

    def catch_up(self) -> None:
        """Fetch and handle until nothing waits at this time."""
        self.fetch()
        while inbox.handle_due(self.db, self.gateway, now=self.clock()):
            pass

    def waiting(self) -> list[tuple[str, str, str | None]]:
        """The events that are neither handled nor ignored."""
        wanted = sa.select(StripeEvent.type, StripeEvent.state, StripeEvent.error)
        with self.db.reading() as session:
            rows = session.execute(wanted.where(StripeEvent.state.not_in(["handled", "ignored"])))
            return [(row.type, row.state, row.error) for row in rows]
