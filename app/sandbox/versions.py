"""Objects and events as an older API version writes them.

Stripe keeps the places of today beside the old ones: an invoice event of 2026 at 2022-11-15
carries ``paid``, ``payment_intent`` and ``parent`` at once. So nothing is taken away here.
"""

from __future__ import annotations

import json
from typing import Any

from app.sandbox.acting import Act, subscription_of
from app.sandbox.apiversions import is_old
from app.sandbox.errors import Json


def at_version(act: Act, value: Any, version: str | None) -> Any:
    """The same object with the old fields beside the new, where the version is old."""
    return _with_old_fields(act, value) if is_old(version) else value


def event_text(row: Json, *, version: str, snapshot: str | None = None) -> str:
    """The JSON of an event, put together from its kept parts."""
    previous = f',"previous_attributes":{row["previous"]}' if row["previous"] else ""
    return (
        f'{{"id":"{row["id"]}","object":"event","api_version":"{version}",'
        f'"created":{row["created"]},"data":{{"object":{snapshot or row["snapshot"]}{previous}}},'
        f'"livemode":false,"pending_webhooks":{row["pending"]},"request":{row["request"]},'
        f'"type":"{row["type"]}"}}'
    )


def event_at(act: Act, row: Json, version: str) -> str:
    """The JSON of an event as an endpoint of this version gets it."""
    if not is_old(version):
        return event_text(row, version=version)
    old = at_version(act, json.loads(row["snapshot"]), version)
    return event_text(row, version=version, snapshot=json.dumps(old, separators=(",", ":")))


def _with_old_fields(act: Act, value: Any) -> Any:
    if isinstance(value, list):
        return [_with_old_fields(act, one) for one in value]
    if not isinstance(value, dict):
        return value
    same = {key: _with_old_fields(act, one) for key, one in value.items()}
    add = OLD.get(str(value.get("object")))
    return same | add(act, value) if add else same


def _subscription(act: Act, now: Json) -> Json:
    item = now["items"]["data"][0] if now["items"]["data"] else {}
    return {
        "current_period_end": item.get("current_period_end"),
        "current_period_start": item.get("current_period_start"),
        "discount": None,
        "plan": item.get("plan"),
        "quantity": item.get("quantity"),
    }


def _invoice(act: Act, now: Json) -> Json:
    details = (now["parent"] or {}).get("subscription_details")
    links = act.where("invoice_payment", parent=now["id"])
    intent = act.find(links[-1]["payment"]["payment_intent"]) if links else None
    return {
        "application_fee_amount": None,
        "charge": intent["latest_charge"] if intent else None,
        "discount": None,
        "paid": now["status"] == "paid",
        "paid_out_of_band": now["amount_paid_off_stripe"] > 0,
        "payment_intent": intent["id"] if intent else None,
        "quote": None,
        "subscription": subscription_of(now),
        "subscription_details": {"metadata": details["metadata"]} if details else None,
        "tax": None,
        "total_tax_amounts": [],
        "transfer_data": None,
    }


def _line(act: Act, now: Json) -> Json:
    details = now["parent"]["subscription_item_details"] or now["parent"]["invoice_item_details"]
    price = act.find(now["pricing"]["price_details"]["price"])
    return {
        "invoice_item": details.get("invoice_item"),
        "price": price,
        "proration": details["proration"],
        "subscription_item": details.get("subscription_item"),
        "tax_amounts": [],
        "type": "invoiceitem" if details["proration"] else "subscription",
    }


def _payment(act: Act, now: Json) -> Json:
    intent = now["id"] if now["object"] == "payment_intent" else now["payment_intent"]
    links = act.where("invoice_payment", other=intent) if intent else []
    return {"invoice": links[-1]["invoice"] if links else None}


OLD = {
    "subscription": _subscription,
    "invoice": _invoice,
    "line_item": _line,
    "charge": _payment,
    "payment_intent": _payment,
}
