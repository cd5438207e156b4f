"""What the sandbox's dashboard shows: the latest of everything, in words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from app.sandbox.acting import Act
from app.sandbox.errors import Json
from app.sandbox.pages_texts import (
    Translate,
    day_and_time,
    decimal_money,
    every,
    moment,
    money,
    translator,
)

SHOWN = 10
EVENTS_SHOWN = 20
OVER = ("canceled", "incomplete_expired")


@dataclass(frozen=True)
class Customer:
    """A customer with what they give, and how their next charge will end."""

    id: str
    name: str
    subscription: str
    renews: str
    method: str
    outcome: str


@dataclass(frozen=True)
class Payment:
    """A charge; ``left`` is what can still be given back, empty where nothing can."""

    id: str
    at: str
    customer: str
    amount: str
    state: str
    left: str


@dataclass(frozen=True)
class Told:
    """An event and how its deliveries went."""

    id: str
    at: str
    type: str
    about: str
    deliveries: str


@dataclass(frozen=True)
class Overview:
    """One look at the whole sandbox."""

    clock: str
    clock_field: str
    customers: list[Customer]
    debits: list[Payment]
    payments: list[Payment]
    events: list[Told]


def overview(act: Act, language: str, *, wanted: str = "") -> Overview:
    """The latest of everything; ``wanted`` narrows customers and payments to an address."""
    say = translator(language)
    customers = _customers(act, wanted)
    return Overview(
        clock=day_and_time(act.now, language),
        clock_field=datetime.fromtimestamp(act.now, UTC).strftime("%Y-%m-%dT%H:%M"),
        customers=[_customer(act, one, language) for one in customers],
        debits=[_payment(act, one, language, say) for one in act.where("charge", status="pending")],
        payments=[
            _payment(act, one, language, say)
            for one in _charges(act, customers if wanted else None)
        ],
        events=_events(act, language),
    )


def _customers(act: Act, wanted: str) -> list[Json]:
    """The latest customers whose address contains what is wanted."""
    rows = act.db.execute(
        "SELECT body FROM object WHERE kind = 'customer' AND instr(lower(coalesce(other, '')), ?)"
        " ORDER BY seq DESC LIMIT ?",
        (wanted.lower(), SHOWN),
    )
    return [json.loads(row[0]) for row in rows]


def _charges(act: Act, customers: list[Json] | None) -> list[Json]:
    """The latest charges, of these customers or of all."""
    rows = act.db.execute(
        "SELECT body FROM object WHERE kind = 'charge'"
        " AND (? OR customer IN (SELECT value FROM json_each(?))) ORDER BY seq DESC LIMIT ?",
        (customers is None, json.dumps([one["id"] for one in customers or []]), SHOWN),
    )
    return [json.loads(row[0]) for row in rows]


def _customer(act: Act, customer: Json, language: str) -> Customer:
    subscriptions = act.where("subscription", customer=customer["id"])
    going = [one for one in subscriptions if one["status"] not in OVER]
    latest = next(reversed(going or subscriptions), None)
    method = latest["default_payment_method"] if latest else None
    method = method or customer["invoice_settings"]["default_payment_method"] or ""
    return Customer(
        id=customer["id"],
        name=customer["email"] or customer["name"] or customer["id"],
        subscription=_subscription(latest, language) if latest else "",
        renews=_renews(latest, language) if latest else "",
        method=method,
        outcome=str(act.hidden(method).get("outcome", "pays")) if method else "",
    )


def _subscription(subscription: Json, language: str) -> str:
    items = subscription["items"]["data"]
    amount = sum(item["price"]["unit_amount"] * item["quantity"] for item in items)
    words = money(amount, subscription["currency"], language)
    period = every(items[0]["price"]["recurring"], language)
    return f"{words} {period}, {subscription['status']}"


def _renews(subscription: Json, language: str) -> str:
    if subscription["status"] in OVER or subscription["cancel_at_period_end"]:
        return ""
    return moment(subscription["items"]["data"][0]["current_period_end"], language)


def _payment(act: Act, charge: Json, language: str, say: Translate) -> Payment:
    currency = charge["currency"]
    left = charge["amount"] - charge["amount_refunded"]
    can_go_back = charge["status"] == "succeeded" and left > 0
    return Payment(
        id=charge["id"],
        at=moment(charge["created"], language),
        customer=_payer(act, charge),
        amount=money(charge["amount"], currency, language),
        state=_state(charge, language, say),
        left=decimal_money(left, currency) if can_go_back else "",
    )


def _payer(act: Act, charge: Json) -> str:
    customer = act.find(charge["customer"]) if charge["customer"] else None
    known = customer["email"] if customer else None
    return str(known or charge["billing_details"]["email"] or charge["id"])


def _state(charge: Json, language: str, say: Translate) -> str:
    if charge["status"] == "failed":
        return say("failed: {why}", why=charge["failure_code"] or "")
    words = [say("pending" if charge["status"] == "pending" else "paid")]
    if charge["amount_refunded"]:
        back = money(charge["amount_refunded"], charge["currency"], language)
        words.append(say("{amount} given back", amount=back))
    if charge["disputed"]:
        words.append(say("disputed"))
    return ", ".join(words)


def _events(act: Act, language: str) -> list[Told]:
    rows = act.db.execute(
        "SELECT e.id, e.created, e.type, json_extract(e.snapshot, '$.id'),"
        " (SELECT group_concat(d.status || coalesce(' ' || d.response, '') || ' ×' || d.attempts,"
        " ', ') FROM delivery d WHERE d.event = e.id)"
        " FROM event e ORDER BY e.seq DESC LIMIT ?",
        (EVENTS_SHOWN,),
    )
    return [
        Told(id=row[0], at=moment(row[1], language), type=row[2], about=row[3] or "",
             deliveries=row[4] or "")
        for row in rows
    ]  # fmt: skip
