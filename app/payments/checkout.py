"""What became of a Checkout session, asked for when the reader comes back from paying.

It runs the same projection as the events do, so the page is true even when those are late.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from app.core.db import Database
from app.payments import changes, handling, locking, mirroring
from app.payments.changes import Kind
from app.payments.gateway import Gateway, StripeUnavailable
from app.payments.models import StripeCheckout
from app.payments.sheets import Answer

Json = dict[str, Any]
# At most four levels may be asked for at once; a subscription's charge lies deeper.
WHOLE = ("subscription", "invoice.payments", "payment_intent.latest_charge")


def refresh(
    db: Database, gateway: Gateway, session_id: str, now: datetime
) -> StripeCheckout | None:
    """Ask Stripe for the session and all that hangs on it; None where it is none of ours.

    Raises StripeUnavailable where Stripe does not answer; what is known then stays.
    """
    with db.reading() as session:
        newest = handling.newest_known(session)
    found = gateway.retrieve("checkout.session", session_id, expand=WHOLE)
    if found is None:
        return None
    answers = {
        str(obj["id"]): Answer(
            kind, obj["id"], obj, at=now, newest=newest, cause=f"checkout:{session_id}"
        )
        for kind, obj in [*_parts(found), *_charge_of(gateway, found)]
    }
    with db.transaction() as session:
        locking.wait(session)
        applied = mirroring.apply(session, answers=answers, now=now)
        changes.tell(session, applied.changes)
    handling.catch_up(db, gateway, answers, now=now)
    with db.reading() as session:
        return session.get(StripeCheckout, session_id)


def _parts(found: Json) -> Iterator[tuple[Kind, Json]]:
    """The session and every object of ours that stands in it whole."""
    yield "checkout", found
    if isinstance(found["subscription"], dict):
        yield "subscription", found["subscription"]
    invoice, intent = found["invoice"], found["payment_intent"]
    if isinstance(invoice, dict):
        yield "invoice", invoice
        for payment in _payments(invoice):
            yield "invoice_payment", payment
    if isinstance(intent, dict) and isinstance(intent["latest_charge"], dict):
        yield "charge", intent["latest_charge"]


def _charge_of(gateway: Gateway, found: Json) -> Iterator[tuple[Kind, Json]]:
    """The charge behind a subscription's first invoice: one question more, worth the wait.

    Where Stripe falls silent in between, the page says less, and the event tells it later.
    """
    if found["payment_status"] != "paid" or not isinstance(found["invoice"], dict):
        return
    for payment in _payments(found["invoice"]):
        intent = payment["payment"].get("payment_intent")
        if not intent or payment["status"] != "paid":
            continue
        try:
            whole = gateway.retrieve("payment_intent", intent, expand=("latest_charge",))
        except StripeUnavailable:
            return
        if whole is not None and isinstance(whole["latest_charge"], dict):
            yield "charge", whole["latest_charge"]


def _payments(invoice: Json) -> list[Json]:
    payments = invoice.get("payments") or {}
    rows: list[Json] = payments.get("data", [])
    return rows
