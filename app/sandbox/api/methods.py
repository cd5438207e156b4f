"""/v1/payment_methods."""

from __future__ import annotations

from app.sandbox.acting import Act
from app.sandbox.api.listing import page
from app.sandbox.api.routing import get, listed, post
from app.sandbox.billing import charging
from app.sandbox.cards import named
from app.sandbox.errors import Json, RequestFailed
from app.sandbox.params import (  # fmt: skip
    ADDRESS,
    clearable,
    mapping,
    merge_metadata,
    one_of,
    record,
    text,
    whole,
)
from app.sandbox.shapes import people

URL = "/v1/payment_methods"
TYPES = one_of("card", "sepa_debit")
SHOWN = one_of("always", "limited", "unspecified")
DETAILS = record(
    address=clearable(ADDRESS), email=text(empty=True), name=text(empty=True),
    phone=text(empty=True),
)  # fmt: skip
UPDATE = record(
    allow_redisplay=SHOWN, billing_details=DETAILS, metadata=mapping(),
    card=record(exp_month=whole(least=1, most=12), exp_year=whole(least=2000, most=2100)),
)  # fmt: skip


def retrieve(act: Act, params: Json, method_id: str) -> Json:
    """One means of payment."""
    return act.get("payment_method", method_id, status=404)


def index(act: Act, params: Json) -> Json:
    """A customer's means of payment."""
    if "customer" not in params:
        raise RequestFailed(
            "Missing required param: customer.", code="parameter_missing", param="customer"
        )
    return of_customer(act, params, params["customer"])


def of_customer(act: Act, params: Json, customer_id: str) -> Json:
    """The same under the customer's own address."""
    act.get("customer", customer_id, param="customer")
    return page(act, "payment_method", URL, params, customer=customer_id, status=params.get("type"))


def attach(act: Act, params: Json, method_id: str) -> Json:
    """Make it a customer's; ``pm_card_…`` names become a new card first."""
    act.get("customer", params["customer"], param="customer")
    return attach_to(act, method_id, params["customer"])


def detach(act: Act, params: Json, method_id: str) -> Json:
    """Take it from its customer; what fell back on it has none then."""
    method = act.get("payment_method", method_id, status=404)
    if method["customer"] is None:
        raise RequestFailed("The payment method you provided is not attached to a customer.")
    return release(act, method)


def update(act: Act, params: Json, method_id: str) -> Json:
    """Change what a payer may change."""
    method = act.get("payment_method", method_id, status=404)
    changes: Json = {}
    if "allow_redisplay" in params:
        changes["allow_redisplay"] = params["allow_redisplay"]
    if "metadata" in params:
        changes["metadata"] = merge_metadata(method["metadata"], params["metadata"])
    if "billing_details" in params:
        changes["billing_details"] = _details(method["billing_details"], params["billing_details"])
    if "card" in params and method["type"] == "card":
        changes["card"] = method["card"] | params["card"]
    return act.change(method, "payment_method.updated", **changes)


def attach_to(act: Act, name: str, customer_id: str) -> Json:
    """The means of payment with this id or test name, attached to the customer."""
    instrument = named(name)
    if instrument is not None:
        method = charging.new_method(act, instrument, people.billing_details())
    else:
        method = act.get("payment_method", name, param="payment_method")
    if method["customer"] not in (None, customer_id):
        raise RequestFailed(
            "This PaymentMethod was previously used without being attached to a Customer or was "
            "detached from a Customer, and may not be used again."
        )
    return charging.attach(act, method, customer_id)


def owned(act: Act, name: str, customer_id: str, *, param: str) -> Json:
    """The customer's means of payment; a test name becomes one of theirs."""
    if named(name) is not None:
        return attach_to(act, name, customer_id)
    method = act.get("payment_method", name, param=param)
    if method["customer"] != customer_id:
        raise RequestFailed(
            f"The customer does not have a payment method with the ID {name}. The payment method "
            "must be attached to the customer.",
            code="resource_missing",
            param=param,
        )
    return method


def release(act: Act, method: Json) -> Json:
    """Detach it and clear every place that named it as the one to fall back on."""
    owner = method["customer"]
    previous = {"customer": owner}
    method["customer"] = None
    act.put(method)
    act.db.execute("UPDATE object SET customer = NULL WHERE id = ?", (method["id"],))
    act.tell("payment_method.detached", method, previous=previous)
    customer = act.find(owner)
    if customer is not None and not customer.get("deleted"):
        settings = customer["invoice_settings"]
        if settings["default_payment_method"] == method["id"]:
            cleared = settings | {"default_payment_method": None}
            act.change(customer, "customer.updated", invoice_settings=cleared)
    for subscription in act.where("subscription", customer=owner):
        if subscription["default_payment_method"] == method["id"]:
            act.change(subscription, "customer.subscription.updated", default_payment_method=None)
    return method


def _details(old: Json, given: Json) -> Json:
    changed = old | {name: value or None for name, value in given.items() if name != "address"}
    if "address" in given:
        changed["address"] = people.NO_ADDRESS | (given["address"] or {})
    return changed


ROUTES = [
    listed(URL, index, customer=text(), type=TYPES, allow_redisplay=SHOWN),
    get(URL + "/{id}", retrieve),
    post(URL + "/{id}", update, UPDATE),
    post(URL + "/{id}/attach", attach, record({"customer!": text()})),
    post(URL + "/{id}/detach", detach),
    listed("/v1/customers/{id}/payment_methods", of_customer, type=TYPES, allow_redisplay=SHOWN),
]
