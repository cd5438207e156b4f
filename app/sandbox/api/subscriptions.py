"""/v1/subscriptions."""

from __future__ import annotations

from app.sandbox.acting import Act
from app.sandbox.api import catalog, methods
from app.sandbox.api.listing import page, within
from app.sandbox.api.routing import delete, get, listed, post
from app.sandbox.billing import changing, charging, collecting, ending, invoicing, subscribing
from app.sandbox.currencies import LARGEST, check_currency
from app.sandbox.errors import Json, RequestFailed
from app.sandbox.params import (  # fmt: skip
    CREATED,
    RECURRING,
    Reader,
    clearable,
    either,
    flag,
    listing,
    mapping,
    merge_metadata,
    one_of,
    record,
    text,
    whole,
)
from app.sandbox.shapes import subscriptions as shapes

URL = "/v1/subscriptions"
STATUSES = (
    "active", "all", "canceled", "ended", "incomplete", "incomplete_expired", "past_due",
    "paused", "trialing", "unpaid",
)  # fmt: skip
FEEDBACK = one_of(
    "customer_service", "low_quality", "missing_features", "other", "switched_service",
    "too_complex", "too_expensive", "unused",
)  # fmt: skip
# Ending at once neither bills nor credits the rest of the period.
NEVER = one_of("false")
DETAILS = record(comment=text(empty=True), feedback=clearable(FEEDBACK))
PRICE_DATA = record(
    {"currency!": text(longest=3), "product!": text(), "recurring!": record(RECURRING)},
    unit_amount=whole(least=0, most=LARGEST), unit_amount_decimal=text(),
    tax_behavior=one_of("exclusive", "inclusive", "unspecified"),
)  # fmt: skip
ITEM: dict[str, Reader] = {
    "price": text(),
    "price_data": PRICE_DATA,
    "quantity": whole(least=1, most=999_999),
    "metadata": mapping(),
}
COMMON: dict[str, Reader] = {
    "cancel_at_period_end": flag(),
    "collection_method": one_of("charge_automatically"),
    "default_payment_method": text(),
    "description": text(longest=500, empty=True),
    "metadata": mapping(),
    "off_session": flag(),
    "payment_behavior": one_of("allow_incomplete", "default_incomplete", "error_if_incomplete"),
    "proration_behavior": one_of("always_invoice", "create_prorations", "none"),
}
CREATE = record(
    COMMON, currency=text(longest=3),
    billing_mode=record({"type!": one_of("classic", "flexible")}),
).with_fields(customer=text(), items=listing(record(ITEM), most=20))  # fmt: skip
UPDATE = record(
    COMMON,
    cancel_at=clearable(either(whole(), one_of("min_period_end", "max_period_end"))),
    cancellation_details=DETAILS,
    items=listing(record(ITEM, id=text()), most=20),
    pause_collection=clearable(
        record(
            {"behavior!": one_of("keep_as_draft", "mark_uncollectible", "void")},
            resumes_at=whole(),
        )
    ),
)


def create(act: Act, params: Json) -> Json:
    """Start a subscription and collect its first invoice."""
    for name in ("customer", "items"):
        if not params.get(name):
            raise RequestFailed(
                f"Missing required param: {name}.", code="parameter_missing", param=name
            )
    customer = act.get("customer", params["customer"], param="customer")
    priced = [
        (_price(act, given, f"items[{place}]"), given.get("quantity", 1))
        for place, given in enumerate(params["items"])
    ]
    chosen = params.get("default_payment_method")
    method = (
        methods.owned(act, chosen, customer["id"], param="default_payment_method")
        if chosen else None
    )  # fmt: skip
    behavior = params.get("payment_behavior", "allow_incomplete")
    _need_method(customer, method, behavior)
    subscription = subscribing.begin(
        act,
        customer=customer["id"],
        priced=priced,
        metadata=merge_metadata({}, params.get("metadata")),
        description=params.get("description") or None,
        default_payment_method=method["id"] if method else None,
        billing_mode=shapes.billing_mode(params.get("billing_mode")),
    )
    return _first_invoice(act, subscription, params, behavior)


def retrieve(act: Act, params: Json, subscription_id: str) -> Json:
    """One subscription."""
    return act.get("subscription", subscription_id, status=404)


def index(act: Act, params: Json) -> Json:
    """Subscriptions, newest first; those that are canceled only on demand."""
    wanted = params.get("status")

    def keep(one: Json) -> bool:
        start, end = subscribing.period_of(one)
        over = one["status"] in subscribing.OVER
        return (
            (wanted is not None or one["status"] != "canceled")
            and (wanted != "ended" or over)
            and within(start, params.get("current_period_start"))
            and within(end, params.get("current_period_end"))
            and params.get("price") in (None, *(i["price"]["id"] for i in one["items"]["data"]))
        )

    return page(
        act, "subscription", URL, params, keep=keep, customer=params.get("customer"),
        status=None if wanted in ("all", "ended") else wanted,
    )  # fmt: skip


def update(act: Act, params: Json, subscription_id: str) -> Json:
    """Change amount, end, pause, notes or means of payment."""
    subscription = act.get("subscription", subscription_id, status=404)
    if subscription["status"] in subscribing.OVER:
        raise RequestFailed(
            "A canceled subscription can only update its cancellation_details and metadata."
        )
    changes = _plain_changes(act, subscription, params)
    changes |= _end(act, subscription, params)
    billed = False
    previous: Json = {}
    if "items" in params:
        anchor = subscription["billing_cycle_anchor"]
        proration = params.get("proration_behavior", "create_prorations")
        wanted = item_changes(act, subscription, params["items"])
        before = changing.apply(act, subscription, wanted, proration=proration)
        previous = {"items": before} if before != subscription["items"] else {}
        billed = subscription["billing_cycle_anchor"] != anchor or proration == "always_invoice"
        if subscription["billing_cycle_anchor"] != anchor:
            previous["billing_cycle_anchor"] = anchor
    return _tell(act, subscription, changes, previous, params, billed=billed)


def cancel(act: Act, params: Json, subscription_id: str) -> Json:
    """End it at once."""
    subscription = act.get("subscription", subscription_id, status=404)
    if subscription["status"] in subscribing.OVER:
        raise RequestFailed(
            f"No such subscription: '{subscription_id}'", status=404, code="resource_missing",
            param="id",
        )  # fmt: skip
    details = _said(params.get("cancellation_details", {}))
    return ending.end(act, subscription, reason="cancellation_requested", details=details)


def item_changes(act: Act, subscription: Json, given: list[Json]) -> list[changing.Change]:
    """The new prices and quantities that a request asks for."""
    items = {item["id"]: item for item in subscription["items"]["data"]}
    changes = []
    for place, one in enumerate(given):
        item = items.get(one.get("id", ""))
        if item is None:
            raise RequestFailed(
                f"The sandbox changes existing items only: items[{place}][id] must be one of "
                f"{', '.join(items)}.",
                param=f"items[{place}][id]",
            )
        repriced = "price" in one or "price_data" in one
        price = _price(act, one, f"items[{place}]") if repriced else item["price"]
        if check_currency(price["currency"]) != subscription["currency"]:
            raise RequestFailed(
                f"The price is in {price['currency']}, the subscription in "
                f"{subscription['currency']}.",
                param=f"items[{place}]",
            )
        if "metadata" in one:
            item["metadata"] = merge_metadata(item["metadata"], one["metadata"])
        changes.append(changing.Change(item["id"], price, one.get("quantity", item["quantity"])))
    return changes


def _first_invoice(act: Act, subscription: Json, params: Json, behavior: str) -> Json:
    invoice = invoicing.draft(
        act, subscription, reason="subscription_create", period=(act.now, act.now)
    )
    act.put(invoice, "invoice.created")
    subscription["latest_invoice"] = invoice["id"]
    if params.get("cancel_at_period_end"):
        _, end = subscribing.period_of(subscription)
        subscription |= ending.plan_end(act, subscription, at=end)
    act.put(subscription, "customer.subscription.created")
    invoicing.finalize(act, invoice)
    act.schedule(act.now + 23 * 3600, "expire_subscription", subscription["id"])
    if behavior != "default_incomplete":
        _insist(collecting.collect(act, invoice), behavior)
    elif invoice["amount_due"] == 0:
        collecting.paid(act, invoice, None)
    return act.get("subscription", subscription["id"])


def _insist(tried: charging.Tried | None, behavior: str) -> None:
    if tried is None or tried.refusal is None or behavior != "error_if_incomplete":
        return
    raise RequestFailed(
        tried.refusal.message, status=402, kind="card_error", code=tried.refusal.code,
        more={"decline_code": tried.refusal.decline_code, "payment_intent": tried.intent},
    )  # fmt: skip


def _need_method(customer: Json, method: Json | None, behavior: str) -> None:
    known = method or customer["invoice_settings"]["default_payment_method"]
    if known is None and behavior != "default_incomplete":
        raise RequestFailed(
            "This customer has no attached payment source or default payment method. Please "
            "consider adding a default payment method.",
            code="resource_missing",
        )


def _price(act: Act, given: Json, name: str) -> Json:
    if ("price" in given) == ("price_data" in given):
        raise RequestFailed(
            f"You must specify either {name}[price] or {name}[price_data].", param=name
        )
    if "price_data" in given:
        return catalog.inline(act, given["price_data"], param=f"{name}[price_data]")
    price = act.get("price", given["price"], param=f"{name}[price]")
    if price["recurring"] is None:
        raise RequestFailed(
            "The price specified is set to `type=one_time` but this field only accepts prices "
            "with `type=recurring`.",
            param=f"{name}[price]",
        )
    return price


def _plain_changes(act: Act, subscription: Json, params: Json) -> Json:
    changes: Json = {}
    if "metadata" in params:
        changes["metadata"] = merge_metadata(subscription["metadata"], params["metadata"])
    if "description" in params:
        changes["description"] = params["description"] or None
    if "default_payment_method" in params:
        method = methods.owned(
            act, params["default_payment_method"], subscription["customer"],
            param="default_payment_method",
        )  # fmt: skip
        changes["default_payment_method"] = method["id"]
    if "pause_collection" in params:
        changes["pause_collection"] = _pause(act, subscription, params["pause_collection"])
    return changes


def _pause(act: Act, subscription: Json, given: Json | str) -> Json | None:
    act.unschedule("resume_collection", subscription["id"])
    if not isinstance(given, dict):
        return None
    resumes_at = given.get("resumes_at")
    if resumes_at is not None:
        if resumes_at <= act.now:
            raise RequestFailed(
                "`resumes_at` must be in the future.", param="pause_collection[resumes_at]"
            )
        act.schedule(resumes_at, "resume_collection", subscription["id"])
    return {"behavior": given["behavior"], "resumes_at": resumes_at}


def _end(act: Act, subscription: Json, params: Json) -> Json:
    changes: Json = {}
    _, period_end = subscribing.period_of(subscription)
    if "cancel_at_period_end" in params and "cancel_at" in params:
        raise RequestFailed(
            "You may only specify one of these parameters: cancel_at, cancel_at_period_end.",
            param="cancel_at",
        )
    if "cancel_at_period_end" in params:
        wanted = params["cancel_at_period_end"]
        changes = ending.plan_end(act, subscription, at=period_end if wanted else None)
    if "cancel_at" in params:
        at = params["cancel_at"]
        at = period_end if at in ("min_period_end", "max_period_end") else at or None
        if at is not None and at <= act.now:
            raise RequestFailed("`cancel_at` must be in the future.", param="cancel_at")
        changes = ending.plan_end(act, subscription, at=at)
    if "cancellation_details" in params:
        told: Json = (subscription | changes)["cancellation_details"]
        changes["cancellation_details"] = told | _said(params["cancellation_details"])
    return changes


def _said(given: Json) -> Json:
    return {name: value or None for name, value in given.items()}


def _tell(
    act: Act, subscription: Json, changes: Json, previous: Json, params: Json, *, billed: bool
) -> Json:
    before = {
        name: subscription[name] for name, value in changes.items() if subscription[name] != value
    }
    subscription |= changes
    restarted = "billing_cycle_anchor" in previous
    everything = before | previous
    invoice = None
    if billed:
        everything["latest_invoice"] = subscription["latest_invoice"]
        invoice = changing.draft_now(act, subscription, whole_period=restarted)
    if everything:
        act.put(subscription, "customer.subscription.updated", previous=everything)
    if invoice is None:
        return subscription
    fresh = changing.collect_now(act, subscription, invoice)
    if params.get("payment_behavior") == "error_if_incomplete" and fresh["status"] != "active":
        raise RequestFailed(
            "The payment for this change failed.", status=402, kind="card_error",
            code="card_declined",
        )  # fmt: skip
    return fresh


ROUTES = [
    post(URL, create, CREATE),
    listed(
        URL, index, created=CREATED, current_period_end=CREATED, current_period_start=CREATED,
        customer=text(), price=text(), status=one_of(*STATUSES),
        collection_method=one_of("charge_automatically", "send_invoice"),
    ),
    get(URL + "/{id}", retrieve),
    post(URL + "/{id}", update, UPDATE),
    delete(
        URL + "/{id}", cancel,
        record(cancellation_details=DETAILS, invoice_now=NEVER, prorate=NEVER),
    ),
]  # fmt: skip
