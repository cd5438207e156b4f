"""Paying on the Checkout page: what happens between the button and the way back.

In subscription mode the subscription and its invoice are created after the payment; a refused
card leaves neither behind.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from app.sandbox.acting import Act
from app.sandbox.billing import charging, collecting, invoicing, subscribing
from app.sandbox.cards import Instrument, expiring, recognise
from app.sandbox.errors import Json, RequestFailed
from app.sandbox.shapes import payments, people, sessions, subscriptions


@dataclass(frozen=True)
class Typed:
    """What the payer typed: a card or account number, and who they are."""

    number: str
    name: str | None = None
    email: str | None = None
    country: str | None = None
    exp_month: int | None = None
    exp_year: int | None = None
    after_first: str | None = None


@dataclass(frozen=True)
class Outcome:
    """Where a try to pay leads: back to the shop, to a challenge, or to another try."""

    kind: Literal["paid", "declined", "challenge", "pending"]
    message: str
    redirect_url: str | None


def pay(act: Act, session_id: str, typed: Typed) -> Outcome:
    """Pay an open session; raises RequestFailed where it is over or the address is missing."""
    session = open_session(act, session_id)
    if not (typed.email or session["customer_email"] or session["customer"]):
        raise RequestFailed("Your email is incomplete.", code="email_invalid", param="email")
    try:
        instrument = recognise(typed.number)
    except RequestFailed as wrong:
        return Outcome("declined", wrong.message, None)
    if typed.exp_month and typed.exp_year:
        instrument = expiring(instrument, month=typed.exp_month, year=typed.exp_year)
    if instrument.type not in session["payment_method_types"]:
        return Outcome("declined", "This way to pay is not offered here.", None)
    if instrument.outcome == "challenge":
        act.hide(session_id, challenged=asdict(typed))
        return Outcome(
            "challenge",
            "Your bank asks you to confirm this payment.",
            f"{act.account.public_url}/sandbox/checkout/{session_id}/challenge",
        )
    return _try(act, session, instrument, typed, authenticated=False)


def confirm_challenge(act: Act, session_id: str, *, passed: bool) -> Outcome:
    """The bank's question is answered: go on with the payment, or refuse it."""
    session = open_session(act, session_id)
    asked = act.hidden(session_id).get("challenged")
    if asked is None:
        raise RequestFailed("No payment of this session waits for a confirmation.")
    typed = Typed(**asked)
    act.hide(session_id, challenged=None)
    instrument = recognise(typed.number)
    if not passed:
        instrument = Instrument(instrument.number, "failed_challenge")
    return _try(act, session, instrument, typed, authenticated=passed)


def open_session(act: Act, session_id: str) -> Json:
    """The session, if it can still be paid."""
    session = act.get("checkout.session", session_id, status=404)
    if session["status"] == "complete":
        raise RequestFailed("This Checkout Session has already been paid.")
    if session["status"] == "expired" or session["expires_at"] <= act.now:
        raise RequestFailed("This Checkout Session has expired.")
    return session


def expire(act: Act, session_id: str, payload: Json | None = None) -> Json:
    """Close a session that nobody paid."""
    session = act.get("checkout.session", session_id, status=404)
    if session["status"] == "open":
        act.change(session, "checkout.session.expired", status="expired", url=None)
    return session


def _try(
    act: Act, session: Json, instrument: Instrument, typed: Typed, *, authenticated: bool
) -> Outcome:
    will_pay = authenticated or instrument.outcome in ("pays", "pays_later", "fails_later")
    customer = _customer_for(act, session, typed, create=will_pay)
    details = people.billing_details(
        email=_email(session, customer, typed), name=typed.name, country=typed.country
    )
    method = charging.new_method(act, instrument, details, after_first=typed.after_first)
    intent = _intent_for(act, session, customer)
    tried = charging.attempt(act, intent, method, authenticated=authenticated)
    if tried.kind == "declined":
        act.hide(session["id"], intent=intent["id"])
        message = tried.refusal.message if tried.refusal else "Your card was declined."
        return Outcome("declined", message, None)
    is_paid = tried.kind == "paid"
    if session["mode"] == "subscription":
        _start_subscription(act, session, customer or {}, method, intent, is_paid=is_paid)
    else:
        session["payment_intent"] = intent["id"]
        if customer is not None and intent["setup_future_usage"] is not None:
            charging.attach(act, method, customer["id"])
    _complete(act, session, customer, details, is_paid=is_paid)
    act.hide(intent["id"], session=session["id"])
    back = str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])
    if is_paid:
        return Outcome("paid", "Payment complete.", back)
    return Outcome("pending", "Your bank will confirm this payment in a few days.", back)


def _customer_for(act: Act, session: Json, typed: Typed, *, create: bool) -> Json | None:
    if session["customer"]:
        known = act.get("customer", session["customer"], param="customer")
        renames = (act.hidden(session["id"]).get("customer_update") or {}).get("name") == "auto"
        if create and renames and typed.name:
            act.change(known, "customer.updated", name=typed.name)
        return known
    if not create or session["customer_creation"] != "always":
        return None
    made = people.customer(
        act, email=_email(session, None, typed), name=typed.name, currency=session["currency"]
    )
    return act.add(made, "customer.created")


def _email(session: Json, customer: Json | None, typed: Typed) -> str | None:
    known = customer["email"] if customer and session["customer"] else None
    return known or session["customer_email"] or typed.email


def _intent_for(act: Act, session: Json, customer: Json | None) -> Json:
    hidden = act.hidden(session["id"])
    customer_id = customer["id"] if customer else None
    if hidden.get("intent"):
        intent = act.get("payment_intent", hidden["intent"])
        return act.change(intent, customer=customer_id)
    given = hidden.get("payment_intent_data") or {}
    recurring = session["mode"] == "subscription"
    intent = payments.payment_intent(
        act,
        amount=session["amount_total"],
        currency=session["currency"],
        customer=customer_id,
        types=session["payment_method_types"],
        description="Subscription creation" if recurring else given.get("description"),
        metadata=given.get("metadata", {}),
        receipt_email=given.get("receipt_email"),
        setup_future_usage="off_session" if recurring else given.get("setup_future_usage"),
        statement_descriptor_suffix=given.get("statement_descriptor_suffix"),
        payment_details={"customer_reference": None, "order_reference": session["id"]},
    )
    return act.add(intent, "payment_intent.created")


def _start_subscription(
    act: Act, session: Json, customer: Json, method: Json, intent: Json, *, is_paid: bool
) -> None:
    """Create subscription and invoice around a payment that was already made."""
    hidden = act.hidden(session["id"])
    given = hidden.get("subscription_data") or {}
    charging.attach(act, method, customer["id"])
    priced = [(act.get("price", line["price"]), line["quantity"]) for line in hidden["line_items"]]
    subscription = subscribing.begin(
        act,
        customer=customer["id"],
        priced=priced,
        metadata=given.get("metadata", {}),
        description=given.get("description"),
        default_payment_method=method["id"],
        billing_mode=subscriptions.billing_mode(given.get("billing_mode")),
    )
    invoice = invoicing.draft(
        act, subscription, reason="subscription_create", period=(act.now, act.now)
    )
    act.put(invoice, "invoice.created")
    subscription["latest_invoice"] = invoice["id"]
    act.put(subscription, "customer.subscription.created")
    invoicing.finalize(act, invoice, intent=intent)
    act.tell("invoice.updated", invoice, previous={"status": "draft", "number": None})
    act.tell("invoice.updated", invoice, previous={"effective_at": None})
    if is_paid:
        collecting.paid(act, invoice, intent)
        subscription = act.get("subscription", subscription["id"])
    else:
        act.change(invoice, "invoice.updated", attempted=True, auto_advance=False)
        subscribing.become(act, subscription, "active")
    session |= {"invoice": invoice["id"], "subscription": subscription["id"]}


def _complete(
    act: Act, session: Json, customer: Json | None, details: Json, *, is_paid: bool
) -> None:
    act.unschedule("expire_session", session["id"])
    session |= {
        "collected_information": {
            "business_name": None,
            "individual_name": None,
            "shipping_details": None,
        },
        "consent": _consent(session),
        "customer": customer["id"] if customer else None,
        "customer_details": sessions.customer_details(
            email=details["email"],
            name=details["name"],
            country=details["address"]["country"],
        ),
        "payment_status": "paid" if is_paid else "unpaid",
        "status": "complete",
        "url": None,
    }
    act.put(session, "checkout.session.completed")


def _consent(session: Json) -> Json | None:
    asked = session["consent_collection"]
    if asked is None:
        return None
    required = asked["terms_of_service"] == "required"
    return {"promotions": None, "terms_of_service": "accepted" if required else None}
