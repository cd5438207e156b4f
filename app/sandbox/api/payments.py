"""/v1/payment_intents, /v1/charges, /v1/balance_transactions and /v1/refunds."""

from __future__ import annotations

from app.sandbox.acting import Act
from app.sandbox.api.listing import page
from app.sandbox.api.routing import get, listed, post
from app.sandbox.billing import refunding
from app.sandbox.errors import Json, RequestFailed
from app.sandbox.params import (  # fmt: skip
    CREATED,
    Reader,
    mapping,
    merge_metadata,
    one_of,
    record,
    text,
    whole,
)

INTENTS, CHARGES = "/v1/payment_intents", "/v1/charges"
BALANCE, REFUNDS = "/v1/balance_transactions", "/v1/refunds"
NOTES: dict[str, Reader] = {"description": text(empty=True), "metadata": mapping()}


def retrieve_intent(act: Act, params: Json, intent_id: str) -> Json:
    """One payment intent."""
    return act.get("payment_intent", intent_id, status=404)


def list_intents(act: Act, params: Json) -> Json:
    """Payment intents, newest first."""
    return page(act, "payment_intent", INTENTS, params, customer=params.get("customer"))


def update_intent(act: Act, params: Json, intent_id: str) -> Json:
    """Change its notes."""
    return act.change(retrieve_intent(act, {}, intent_id), **_notes(act, params, intent_id))


def retrieve_charge(act: Act, params: Json, charge_id: str) -> Json:
    """One charge."""
    return act.get("charge", charge_id, status=404)


def list_charges(act: Act, params: Json) -> Json:
    """Charges, newest first."""
    return page(
        act, "charge", CHARGES, params, customer=params.get("customer"),
        parent=params.get("payment_intent"),
    )  # fmt: skip


def update_charge(act: Act, params: Json, charge_id: str) -> Json:
    """Change its notes."""
    charge = retrieve_charge(act, {}, charge_id)
    return act.change(charge, "charge.updated", **_notes(act, params, charge_id))


def retrieve_booking(act: Act, params: Json, booking_id: str) -> Json:
    """One movement of the balance."""
    return _aged(act, act.get("balance_transaction", booking_id, status=404))


def list_bookings(act: Act, params: Json) -> Json:
    """Movements of the balance, newest first."""
    if "payout" in params:
        raise RequestFailed("The sandbox pays nothing out yet.", param="payout")
    found = page(
        act, "balance_transaction", BALANCE, params, parent=params.get("source"),
        other=params.get("currency"), status=params.get("type"),
    )  # fmt: skip
    found["data"] = [_aged(act, one) for one in found["data"]]
    return found


def balance(act: Act, params: Json) -> Json:
    """What stands on the account: available, and still on its way."""
    sums: dict[str, dict[str, int]] = {"available": {}, "pending": {}}
    for booking in act.where("balance_transaction"):
        part = sums[_aged(act, booking)["status"]]
        part[booking["currency"]] = part.get(booking["currency"], 0) + booking["net"]
    currencies = sorted(sums["available"].keys() | sums["pending"].keys()) or ["eur"]
    parts = {
        name: [
            {
                "amount": part.get(one, 0),
                "currency": one,
                "source_types": {"card": part.get(one, 0)},
            }
            for one in currencies
        ]
        for name, part in sums.items()
    }
    return {"object": "balance", "livemode": False, **parts}


def create_refund(act: Act, params: Json) -> Json:
    """Give money back."""
    charge = _charge_of(act, params)
    return refunding.refund(
        act,
        charge,
        amount=params.get("amount"),
        reason=params.get("reason"),
        metadata=merge_metadata({}, params.get("metadata")),
    )


def retrieve_refund(act: Act, params: Json, refund_id: str) -> Json:
    """One refund."""
    return act.get("refund", refund_id, status=404)


def update_refund(act: Act, params: Json, refund_id: str) -> Json:
    """Change its notes."""
    refund = retrieve_refund(act, {}, refund_id)
    return act.change(
        refund, "refund.updated", metadata=merge_metadata(refund["metadata"], params["metadata"])
    )


def list_refunds(act: Act, params: Json) -> Json:
    """Refunds, newest first."""
    return page(
        act, "refund", REFUNDS, params, parent=params.get("charge"),
        other=params.get("payment_intent"),
    )  # fmt: skip


def _charge_of(act: Act, params: Json) -> Json:
    if "charge" in params:
        return act.get("charge", params["charge"], param="charge")
    if "payment_intent" not in params:
        raise RequestFailed(
            "One of the following params should be provided for this request: payment_intent or "
            "charge.",
            code="parameter_missing", param="payment_intent",
        )  # fmt: skip
    intent = act.get("payment_intent", params["payment_intent"], param="payment_intent")
    if intent["latest_charge"] is None:
        raise RequestFailed(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
            param="payment_intent",
        )
    return act.get("charge", intent["latest_charge"])


def _aged(act: Act, booking: Json) -> Json:
    """A movement becomes available with time; nothing is told about it."""
    if booking["available_on"] <= act.now:
        booking["status"] = "available"
    return booking


def _notes(act: Act, params: Json, object_id: str) -> Json:
    changes: Json = {}
    found = act.find(object_id) or {}
    if "description" in params:
        changes["description"] = params["description"] or None
    if "metadata" in params:
        changes["metadata"] = merge_metadata(found.get("metadata", {}), params["metadata"])
    return changes


ROUTES = [
    listed(INTENTS, list_intents, created=CREATED, customer=text()),
    get(INTENTS + "/{id}", retrieve_intent),
    post(INTENTS + "/{id}", update_intent, record(NOTES)),
    listed(CHARGES, list_charges, created=CREATED, customer=text(), payment_intent=text()),
    get(CHARGES + "/{id}", retrieve_charge),
    post(CHARGES + "/{id}", update_charge, record(NOTES)),
    get("/v1/balance", balance),
    listed(
        BALANCE, list_bookings, created=CREATED, currency=text(), payout=text(), source=text(),
        type=text(),
    ),
    get(BALANCE + "/{id}", retrieve_booking),
    post(
        REFUNDS, create_refund,
        record(
            amount=whole(least=1), charge=text(), metadata=mapping(), payment_intent=text(),
            reason=one_of("duplicate", "fraudulent", "requested_by_customer"),
        ),
    ),
    listed(REFUNDS, list_refunds, created=CREATED, charge=text(), payment_intent=text()),
    get(REFUNDS + "/{id}", retrieve_refund),
    post(REFUNDS + "/{id}", update_refund, record({"metadata!": mapping()})),
]  # fmt: skip
