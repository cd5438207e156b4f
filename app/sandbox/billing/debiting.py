"""The answer of a bank, days after a debit was asked for."""

from __future__ import annotations

from app.sandbox.acting import Act
from app.sandbox.billing import charging, collecting, invoicing
from app.sandbox.errors import Json


def answered(act: Act, charge_id: str, payload: Json | None) -> None:
    """The bank pays or refuses; invoice, subscription and session follow."""
    charge = act.get("charge", charge_id)
    if charge["status"] != "pending":
        return
    intent = act.get("payment_intent", charge["payment_intent"])
    invoice = invoicing.invoice_of(act, intent["id"])
    fails = bool(payload and payload["fails"])
    if fails:
        charging.bank_said_no(act, charge, intent)
    else:
        charging.bank_said_yes(act, charge, intent)
    if invoice is not None and invoice["status"] == "open":
        if fails:
            collecting.failed(act, invoice, needs_action=False)
        else:
            collecting.paid(act, invoice, intent)
    _tell_session(act, intent, paid=not fails)


def _tell_session(act: Act, intent: Json, *, paid: bool) -> None:
    session_id = act.hidden(intent["id"]).get("session")
    session = act.find(session_id) if session_id else None
    if session is None or session["payment_status"] != "unpaid":
        return
    # Only the first debit of a subscription belongs to its session.
    act.hide(intent["id"], session=None)
    if paid:
        session["payment_status"] = "paid"
        act.put(session, "checkout.session.async_payment_succeeded")
    else:
        act.put(session, "checkout.session.async_payment_failed")
