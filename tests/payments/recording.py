"""A year at the sandbox, recorded once, and what a database says after it was told of it.

Everything that happens to a pledge is in it: joining, renewing, failing and recovering, another
amount, a refund, an end, money once, a debit that takes days, one that comes back, and somebody
else's purchase on the same account.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from app.core.clock import from_unix
from app.core.db import Base, Database
from app.payments.events import HANDLED
from app.payments.gateway import Gateway
from app.payments.models import (
    LedgerEntry,
    LedgerTransaction,
    StripeCharge,
    StripeCheckout,
    StripeEvent,
    StripeInvoice,
    StripeInvoicePayment,
    StripeObject,
    StripeRefund,
    StripeSubscription,
    Unclaimed,
)
from tests.payments.till import BAD_DEBIT, DEBIT, GOOD, Till

if TYPE_CHECKING:
    from datetime import datetime

    from app.sandbox import WiredSandbox

MIRROR: tuple[type[Base], ...] = (
    StripeCheckout, StripeSubscription, StripeInvoice, StripeCharge, StripeInvoicePayment,
    StripeRefund, StripeObject, Unclaimed,
)  # fmt: skip
# What tells when we learned of it, not what is so.
IDS = re.compile(r'"((?:cs|sub|in|ch|py|pi|re|pyr|inpay)_\w+)"')
OURS = {"retrieved_at", "seen_at"}
Json = dict[str, Any]


@dataclass(frozen=True)
class Recording:
    """What the sandbox told, and the way to ask it; its clock stands at the end."""

    sandbox: WiredSandbox
    gateway: Gateway
    events: list[Json]
    now: datetime

    def handled(self) -> list[Json]:
        """The events that change the mirror."""
        return [event for event in self.events if event["type"] in HANDLED]

    def stories(self) -> list[list[Json]]:
        """The same by what they are about: events of two stories have no object in common."""
        stories: list[set[str]] = []
        for event in self.handled():
            ids = ids_in(event)
            touched = [story for story in stories if story & ids]
            stories = [story for story in stories if not story & ids] + [ids.union(*touched)]
        return [[one for one in self.handled() if ids_in(one) & story] for story in stories]


def ids_in(event: Json) -> set[str]:
    """The objects at Stripe that an event tells of, or names."""
    return set(IDS.findall(json.dumps(event["data"]["object"])))


def perform(till: Till) -> None:
    """Live through it; time passes at the sandbox."""
    sandbox, clock, gateway = till.sandbox, till.clock, till.gateway
    steady = till.buy()
    clock.advance(minutes=5)
    failing = till.buy(total=700, after_first="insufficient_funds")
    once = till.buy(total=2500, interval=None)
    till.buy(DEBIT, total=1200, interval=None)
    till.buy(BAD_DEBIT, total=1300, interval=None)
    till.open(total=900)  # left, and expired
    abroad = till.buy(total=9000, currency="UAH", interval="year")
    clock.advance(days=2)
    sandbox.refund(_charge_of(gateway, once), 1000)
    clock.advance(days=32)
    subscription = gateway.retrieve("subscription", steady["subscription"])
    assert subscription is not None
    item = subscription["items"]["data"][0]
    gateway.change_amount(
        key="raise", subscription_id=subscription["id"], item_id=item["id"],
        product_id=item["price"]["product"], currency="EUR", interval="month", total=1500,
    )  # fmt: skip
    sandbox.replace_method(failing["customer"], GOOD, pay_open=True)
    clock.advance(days=33)
    sandbox.refund(_charge_of(gateway, abroad))
    gateway.stop_at_period_end(key="stop", subscription_id=steady["subscription"], stop=True)
    sandbox.behave(failing["customer"], "generic_decline")
    clock.advance(days=47)
    till.buy(total=400)
    _buy_elsewhere(till)
    clock.advance(hours=3)


def _buy_elsewhere(till: Till) -> None:
    """The same Stripe account sells something of its own, without our reference."""
    client = till.gateway._client
    for interval in ({"recurring": {"interval": "month"}}, {}):
        price: Json = {"currency": "eur", "unit_amount": 3300, "product_data": {"name": "Mug"}}
        params: Any = {
            "mode": "subscription" if interval else "payment",
            "line_items": [{"price_data": price | interval, "quantity": 1}],
            "success_url": "http://localhost/shop",
        }
        session = client.v1.checkout.sessions.create(params)
        till.sandbox.pay(session.id, GOOD, email="shop@example.org")


def _charge_of(gateway: Gateway, bought: Json) -> str:
    """The newest charge of a purchase."""
    intent = bought["payment_intent"]
    if intent is None:
        invoice = gateway.retrieve("invoice", bought["invoice"], expand=("payments",))
        assert invoice is not None
        intent = invoice["payments"]["data"][-1]["payment"]["payment_intent"]
    found = gateway.retrieve("payment_intent", intent)
    assert found is not None
    return str(found["latest_charge"])


def told(db: Database) -> dict[str, Any]:
    """Everything that the events made: mirror, ledger, and what became of the events."""
    with db.reading() as session:
        state: dict[str, Any] = {
            model.__tablename__: sorted(
                map(dict, session.execute(_columns(model)).mappings()), key=str
            )
            for model in MIRROR
        }
        facts = session.execute(
            sa.select(
                LedgerTransaction.kind, LedgerTransaction.source_id, LedgerTransaction.charge_id,
                LedgerTransaction.ref, LedgerTransaction.effective_at, LedgerEntry.book,
                LedgerEntry.amount, LedgerEntry.currency,
            ).join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        )  # fmt: skip
        state["ledger"] = sorted([tuple(fact) for fact in facts], key=str)
        states = sa.select(StripeEvent.event_id, StripeEvent.state, StripeEvent.error)
        state["events"] = sorted([tuple(row) for row in session.execute(states)])
    return state


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """What is in one and not in the other, for people."""
    lines = []
    for table in one:
        if len(one[table]) != len(other[table]):
            lines.append(f"{table}: {len(one[table])} rows, not {len(other[table])}")
        lines += [f"{table} + {row}" for row in one[table] if row not in other[table]]
        lines += [f"{table} - {row}" for row in other[table] if row not in one[table]]
    return lines


def shuffled(
    events: Iterable[Json], chance: random.Random, *, reach: float, coarse: int
) -> list[Json]:
    """The events out of order, some of them twice or more, with times rounded to ``coarse`` s.

    ``reach`` is how far an event may land from its place, as a share of the whole.
    """
    events = list(events)
    width = max(1.0, reach * len(events))
    keyed = []
    for place, event in enumerate(events):
        created = event["created"] - event["created"] % coarse if coarse else event["created"]
        copies = chance.choice((1, 1, 1, 2, 3))
        retold = event | {"created": created}
        keyed += [(place + chance.uniform(0, width), retold) for _ in range(copies)]
    return [event for _, event in sorted(keyed, key=lambda entry: entry[0])]


def at(sandbox: WiredSandbox) -> datetime:
    """The time at the sandbox, with room for what was told this second."""
    return from_unix(sandbox.now()) + timedelta(seconds=1)


def _columns(model: type[Base]) -> sa.Select[Any]:
    columns = [column for column in model.__table__.columns if column.key not in OURS]
    return sa.select(*columns)
