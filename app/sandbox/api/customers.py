"""/v1/customers."""

from __future__ import annotations

from app.sandbox.acting import Act
from app.sandbox.api import methods
from app.sandbox.api.listing import page
from app.sandbox.api.routing import delete, get, listed, post
from app.sandbox.billing import ending, subscribing
from app.sandbox.errors import Json, RequestFailed, missing
from app.sandbox.params import (  # fmt: skip
    ADDRESS,
    CREATED,
    Reader,
    clearable,
    listing,
    mapping,
    merge_metadata,
    record,
    text,
    whole,
)
from app.sandbox.shapes import people

SETTINGS = record(default_payment_method=text(empty=True), footer=text(empty=True))
FIELDS: dict[str, Reader] = {
    "address": clearable(ADDRESS),
    "balance": whole(),
    "business_name": text(longest=150, empty=True),
    "description": text(empty=True),
    "email": text(longest=512, empty=True),
    "individual_name": text(longest=150, empty=True),
    "invoice_settings": SETTINGS,
    "metadata": mapping(),
    "name": text(longest=256, empty=True),
    "phone": text(longest=20, empty=True),
    "preferred_locales": listing(text(longest=20)),
}
CREATE = record(FIELDS | {"payment_method": text()})
UPDATE = record(FIELDS)


def create(act: Act, params: Json) -> Json:
    """A new customer, with a means of payment if one is given."""
    given = dict(params)
    method_name = given.pop("payment_method", None)
    settings = given.pop("invoice_settings", {})
    customer = people.customer(act)
    act.add(customer)
    if method_name is not None:
        methods.attach_to(act, method_name, customer["id"])
    customer |= _fields(customer, given)
    customer["invoice_settings"] = _settings(act, customer, settings)
    return act.put(customer, "customer.created")


def retrieve(act: Act, params: Json, customer_id: str) -> Json:
    """The customer, or the note that it was deleted."""
    found = act.find(customer_id)
    if found is None or found["object"] != "customer":
        raise missing("customer", customer_id, param="id", status=404)
    return found


def update(act: Act, params: Json, customer_id: str) -> Json:
    """Change what is given."""
    customer = act.get("customer", customer_id, status=404)
    given = dict(params)
    changes = _fields(customer, given)
    if "invoice_settings" in given:
        changes["invoice_settings"] = _settings(act, customer, given["invoice_settings"])
    return act.change(customer, "customer.updated", **changes)


def remove(act: Act, params: Json, customer_id: str) -> Json:
    """Delete the customer; all subscriptions end at once."""
    customer = act.get("customer", customer_id, status=404)
    for subscription in act.where("subscription", customer=customer_id):
        if subscription["status"] not in subscribing.OVER:
            ending.end(act, subscription, reason="cancellation_requested")
    for method in act.where("payment_method", customer=customer_id):
        methods.release(act, method)
    return act.delete(customer, "customer.deleted")


def index(act: Act, params: Json) -> Json:
    """Customers, newest first; ``email`` must match in every letter."""
    return page(act, "customer", "/v1/customers", params, other=params.get("email"))


def _fields(customer: Json, given: Json) -> Json:
    changes: Json = {}
    for name, value in given.items():
        if name == "metadata":
            changes[name] = merge_metadata(customer["metadata"], value)
        elif name == "email":
            changes[name] = _email(value)
        elif name == "address" and value:
            changes[name] = people.NO_ADDRESS | {k: v or None for k, v in value.items()}
        elif name not in ("invoice_settings", "expand"):
            changes[name] = None if value == "" else value
    return changes


def _email(value: str) -> str | None:
    if value and ("@" not in value or " " in value):
        raise RequestFailed(f"Invalid email address: {value}", code="email_invalid", param="email")
    return value or None


def _settings(act: Act, customer: Json, given: Json) -> Json:
    settings: Json = dict(customer["invoice_settings"])
    if "footer" in given:
        settings["footer"] = given["footer"] or None
    if "default_payment_method" in given:
        wanted = given["default_payment_method"]
        if wanted:
            methods.owned(
                act, wanted, customer["id"], param="invoice_settings[default_payment_method]"
            )
        settings["default_payment_method"] = wanted or None
    return settings


ROUTES = [
    post("/v1/customers", create, CREATE),
    listed("/v1/customers", index, created=CREATED, email=text()),
    get("/v1/customers/{id}", retrieve),
    post("/v1/customers/{id}", update, UPDATE),
    delete("/v1/customers/{id}", remove),
]
