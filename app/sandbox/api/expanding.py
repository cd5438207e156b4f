"""``expand[]``: putting whole objects in the place of their ids."""

from __future__ import annotations

from app.sandbox.acting import Act
from app.sandbox.errors import Json, RequestFailed
from app.sandbox.shapes import sessions

DEEPEST = 4
_NAMED = (
    "balance_transaction charge customer data default_payment_method default_price "
    "failure_balance_transaction invoice latest_charge latest_invoice payment_intent "
    "payment_method pending_setup_intent product refund source subscription"
)
NAMED = frozenset(_NAMED.split())
# Fields that exist in an answer only when they are asked for.
ASKED = {
    "invoice": ("payments", "confirmation_secret"),
    "checkout.session": ("line_items",),
    "charge": ("refunds",),
    "customer": ("subscriptions",),
}


def expand(act: Act, obj: Json, paths: list[str]) -> Json:
    """Fill in every path; raises RequestFailed for one that cannot be expanded."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > DEEPEST:
            raise RequestFailed(
                f"You cannot expand more than {DEEPEST} levels of a property. Property: {path}",
                code="property_expansion_max_depth",
            )
        _along(act, obj, steps, path)
    return obj


def line_items(act: Act, session_id: str) -> list[Json]:
    """What a session sells, as its list shows it."""
    return [
        sessions.line_item(
            line["id"], act.get("price", line["price"]), line["name"],
            quantity=line["quantity"], metadata=line["metadata"],
        )
        for line in act.hidden(session_id).get("line_items", [])
    ]  # fmt: skip


def _along(act: Act, here: Json, steps: list[str], path: str) -> None:
    name, rest = steps[0], steps[1:]
    value = _value(act, here, name, path)
    if value is None:
        return
    for child in value if isinstance(value, list) else [value]:
        if rest and isinstance(child, dict):
            _along(act, child, rest, path)


def _value(act: Act, here: Json, name: str, path: str) -> object:
    kind = str(here.get("object", ""))
    if name in ASKED.get(kind, ()):
        if not isinstance(here.get(name), dict):
            here[name] = _asked(act, here, kind, name)
        return here[name]
    value = here.get(name)
    if name not in here or (name not in NAMED and not isinstance(value, (dict, list))):
        raise RequestFailed(f"This property cannot be expanded ({path}).", param="expand")
    if isinstance(value, str):
        found = act.find(value)
        if found is None:
            raise RequestFailed(f"This property cannot be expanded ({path}).", param="expand")
        here[name] = found
    return here[name]


def _asked(act: Act, here: Json, kind: str, name: str) -> Json | None:
    own = here["id"]
    if name == "confirmation_secret":
        return _secret(act, own)
    if name == "payments":
        rows, url = act.where("invoice_payment", parent=own), f"/v1/invoice_payments?invoice={own}"
    elif name == "line_items":
        rows, url = line_items(act, own), f"/v1/checkout/sessions/{own}/line_items"
    elif name == "refunds":
        rows = act.where("refund", parent=own)[::-1]
        url = f"/v1/charges/{own}/refunds"
    else:
        every = act.where("subscription", customer=own)[::-1]
        rows = [one for one in every if one["status"] not in ("canceled", "incomplete_expired")]
        url = f"/v1/customers/{own}/subscriptions"
    return {"object": "list", "data": rows, "has_more": False, "url": url}


def _secret(act: Act, invoice_id: str) -> Json | None:
    for link in act.where("invoice_payment", parent=invoice_id, status="open"):
        intent = act.find(link["payment"]["payment_intent"])
        if intent is not None:
            return {"client_secret": intent["client_secret"], "type": "payment_intent"}
    return None
