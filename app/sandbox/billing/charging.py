"""Collecting a payment intent on a card or bank account, and booking it a moment later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.sandbox.acting import Act
from app.sandbox.cards import Instrument, Refusal, recognise, refusal
from app.sandbox.errors import Json
from app.sandbox.shapes import payments, people

BOOKED_AFTER = 2  # seconds from a charge to its balance transaction
DEBIT_TAKES = 3 * 86_400  # seconds until a bank says yes or no

Kind = Literal["paid", "declined", "challenge", "pending"]


@dataclass(frozen=True)
class Tried:
    """How a try to collect ended."""

    kind: Kind
    intent: Json
    charge: Json | None = None
    refusal: Refusal | None = None


def new_method(
    act: Act, instrument: Instrument, details: Json, *, after_first: str | None = None
) -> Json:
    """Keep a means of payment; ``after_first`` names how it refuses once it has paid."""
    if after_first is not None and after_first != "pays":
        refusal(after_first)
    method = people.payment_method(act, instrument, details)
    return act.add(
        method, number=instrument.number, outcome=instrument.outcome, after_first=after_first
    )


def behave(act: Act, method_id: str, outcome: str) -> None:
    """From now on charges on this means of payment end so: "pays" or the name of a refusal."""
    if outcome not in ("pays", "challenge", "pays_later", "fails_later"):
        refusal(outcome)
    act.hide(method_id, outcome=outcome, after_first=None)


def attach(act: Act, method: Json, customer_id: str) -> Json:
    """Make it the customer's."""
    return act.change(method, "payment_method.attached", customer=customer_id)


def attempt(act: Act, intent: Json, method: Json, *, authenticated: bool = False) -> Tried:
    """Try to collect the intent; keeps the charge and tells how it went."""
    hidden = act.hidden(method["id"])
    outcome = str(hidden.get("outcome", "pays"))
    if outcome == "challenge" and authenticated:
        # Stripe remembers the challenge for payments without the payer, as for 4000 0025 0000 3155.
        act.hide(method["id"], outcome="pays")
    elif outcome == "challenge":
        return _challenge(act, intent, method)
    intent["payment_method"] = method["id"]
    charge = payments.charge(act, intent, method, _instrument(hidden, outcome))
    if outcome in ("pays", "challenge"):
        if hidden.get("after_first"):
            act.hide(method["id"], outcome=hidden["after_first"], after_first=None)
        return _paid(act, intent, charge)
    if outcome in ("pays_later", "fails_later"):
        return _pending(act, intent, charge, fails=outcome == "fails_later")
    return _declined(act, intent, charge, method, refusal(outcome))


def settle(act: Act, charge_id: str, payload: Json | None = None) -> None:
    """Book a charge: its balance transaction exists from now on, and ``charge.updated`` says so."""
    charge = act.get("charge", charge_id)
    if charge["balance_transaction"] is not None or charge["status"] != "succeeded":
        return
    into = act.turned.settlement or charge["currency"]
    booked = payments.balance_transaction(act, charge, amount=charge["amount"], into=into, fee=True)
    act.add(booked)
    act.change(charge, "charge.updated", balance_transaction=booked["id"])


def bank_said_yes(act: Act, charge: Json, intent: Json) -> None:
    """A debit went through."""
    act.change(charge, "charge.succeeded", status="succeeded", paid=True)
    _succeed(act, intent, charge)
    act.schedule(act.now + BOOKED_AFTER, "settle", charge["id"])


def bank_said_no(act: Act, charge: Json, intent: Json) -> Refusal:
    """A debit was refused."""
    why = refusal("bank_refused")
    act.put(payments.refused(charge, why), "charge.failed")
    method = act.get("payment_method", charge["payment_method"])
    _fail(act, intent, charge, method, why)
    return why


def _instrument(hidden: Json, outcome: str) -> Instrument:
    known = recognise(hidden["number"])
    # Only a card that was just challenged shows 3-D Secure on its charge.
    return Instrument(known.number, outcome, known.type, known.brand, known.country)


def _paid(act: Act, intent: Json, charge: Json) -> Tried:
    act.add(charge, "charge.succeeded")
    _succeed(act, intent, charge)
    act.schedule(act.now + BOOKED_AFTER, "settle", charge["id"])
    return Tried("paid", intent, charge)


def _succeed(act: Act, intent: Json, charge: Json) -> None:
    intent |= {
        "amount_received": charge["amount"],
        "last_payment_error": None,
        "latest_charge": charge["id"],
        "next_action": None,
        "status": "succeeded",
    }
    act.put(intent, "payment_intent.succeeded")


def _pending(act: Act, intent: Json, charge: Json, *, fails: bool) -> Tried:
    charge |= {"paid": False, "status": "pending"}
    act.add(charge, "charge.pending")
    intent |= {"latest_charge": charge["id"], "last_payment_error": None, "status": "processing"}
    act.put(intent, "payment_intent.processing")
    act.schedule(act.now + DEBIT_TAKES, "debit", charge["id"], {"fails": fails})
    return Tried("pending", intent, charge)


def _declined(act: Act, intent: Json, charge: Json, method: Json, why: Refusal) -> Tried:
    act.add(payments.refused(charge, why), "charge.failed")
    _fail(act, intent, charge, method, why)
    return Tried("declined", intent, charge, why)


def _fail(act: Act, intent: Json, charge: Json, method: Json, why: Refusal) -> None:
    intent |= {
        "last_payment_error": payments.payment_error(charge, method, why),
        "latest_charge": charge["id"],
        "payment_method": None,
        "status": "requires_payment_method",
    }
    act.put(intent, "payment_intent.payment_failed")


def _challenge(act: Act, intent: Json, method: Json) -> Tried:
    intent |= {
        "next_action": {"type": "use_stripe_sdk", "use_stripe_sdk": {}},
        "payment_method": method["id"],
        "status": "requires_action",
    }
    act.put(intent, "payment_intent.requires_action")
    return Tried("challenge", intent, refusal=refusal("authentication_required"))
