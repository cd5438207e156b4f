"""/v1/invoices and /v1/invoice_payments."""

from __future__ import annotations

from app.sandbox.acting import Act, pretending
from app.sandbox.api import methods, subscriptions
from app.sandbox.api.listing import of, page
from app.sandbox.api.routing import get, listed, post
from app.sandbox.billing import changing, collecting, invoicing, renewing, subscribing
from app.sandbox.errors import Json, RequestFailed
from app.sandbox.params import (  # fmt: skip
    CREATED,
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

URL = "/v1/invoices"
STATUS = one_of("draft", "open", "paid", "uncollectible", "void")
PREVIEW = record(
    customer=text(),
    subscription=text(),
    preview_mode=one_of("next", "recurring"),
    subscription_details=record(
        cancel_at=clearable(either(whole(), one_of("min_period_end", "max_period_end"))),
        cancel_at_period_end=flag(),
        cancel_now=flag(),
        items=listing(record(subscriptions.ITEM, id=text()), most=20),
        proration_behavior=one_of("always_invoice", "create_prorations", "none"),
        proration_date=whole(),
    ),
)


def retrieve(act: Act, params: Json, invoice_id: str) -> Json:
    """One invoice."""
    return act.get("invoice", invoice_id, status=404)


def index(act: Act, params: Json) -> Json:
    """Invoices, newest first."""
    return page(
        act, "invoice", URL, params, customer=params.get("customer"),
        parent=params.get("subscription"), status=params.get("status"),
    )  # fmt: skip


def lines(act: Act, params: Json, invoice_id: str) -> Json:
    """What an invoice bills."""
    invoice = act.get("invoice", invoice_id, status=404)
    return of(invoice["lines"]["data"], f"{URL}/{invoice_id}/lines", params)


def update(act: Act, params: Json, invoice_id: str) -> Json:
    """Change its notes, or whether it goes its way by itself."""
    invoice = act.get("invoice", invoice_id, status=404)
    changes: Json = {}
    if "metadata" in params:
        changes["metadata"] = merge_metadata(invoice["metadata"], params["metadata"])
    if "description" in params:
        changes["description"] = params["description"] or None
    if "auto_advance" in params:
        changes["auto_advance"] = params["auto_advance"]
        if params["auto_advance"] and invoice["status"] == "draft":
            changes["automatically_finalizes_at"] = act.now + invoicing.DRAFT_FOR
            act.unschedule("finalize", invoice_id)
            act.schedule(act.now + invoicing.DRAFT_FOR, "finalize", invoice_id)
    return act.change(invoice, "invoice.updated", **changes)


def finalize(act: Act, params: Json, invoice_id: str) -> Json:
    """Open a draft now; it is collected at once where it goes its way by itself."""
    invoice = act.get("invoice", invoice_id, status=404)
    act.unschedule("finalize", invoice_id)
    invoicing.finalize(act, invoice)
    if params.get("auto_advance", invoice["auto_advance"]):
        collecting.collect(act, invoice)
    return act.get("invoice", invoice_id)


def pay(act: Act, params: Json, invoice_id: str) -> Json:
    """Collect an open invoice now; raises RequestFailed(402) where the card is refused."""
    invoice = act.get("invoice", invoice_id, status=404)
    if invoice["status"] == "draft":
        act.unschedule("finalize", invoice_id)
        invoicing.finalize(act, invoice)
    if invoice["status"] == "paid":
        raise RequestFailed("Invoice is already paid", code="invoice_already_paid")
    if invoice["status"] != "open":
        raise RequestFailed(f"The invoice is {invoice['status']} and can not be paid.")
    if params.get("paid_out_of_band"):
        invoicing.mark_paid(act, invoice, intent=None, out_of_band=True)
        collecting.restore(act, invoice)
        return act.get("invoice", invoice_id)
    method = None
    if "payment_method" in params:
        method = methods.owned(
            act, params["payment_method"], invoice["customer"], param="payment_method"
        )
    tried = collecting.collect(act, invoice, method=method)
    if tried is None and invoice["amount_due"] > 0:
        raise RequestFailed(
            "There is no `default_payment_method` set on this Customer or Invoice. Please set "
            "one before collecting.",
            code="invoice_payment_intent_requires_action", keep=True,
        )  # fmt: skip
    if tried is not None and tried.refusal is not None:
        raise RequestFailed(
            tried.refusal.message, status=402, kind="card_error", code=tried.refusal.code,
            keep=True,
            more={
                "decline_code": tried.refusal.decline_code,
                "advice_code": tried.refusal.advice_code,
                "charge": tried.charge["id"] if tried.charge else None,
                "payment_intent": tried.intent,
            },
        )  # fmt: skip
    return act.get("invoice", invoice_id)


def void(act: Act, params: Json, invoice_id: str) -> Json:
    """It is not to be paid."""
    return invoicing.void(act, act.get("invoice", invoice_id, status=404))


def uncollectible(act: Act, params: Json, invoice_id: str) -> Json:
    """It will not be paid."""
    invoice = act.get("invoice", invoice_id, status=404)
    if invoice["status"] != "open":
        raise RequestFailed(
            "You can only mark an open invoice as uncollectible.", code="invoice_not_editable"
        )
    return invoicing.set_aside(act, invoice, "uncollectible", reason="user_forgiven")


def preview(act: Act, params: Json) -> Json:
    """The next invoice of a subscription, or what a change would bill; nothing is kept."""
    if "subscription" not in params:
        raise RequestFailed(
            "The sandbox previews invoices of existing subscriptions.", param="subscription"
        )
    subscription = act.get("subscription", params["subscription"], param="subscription")
    if subscription["status"] in subscribing.OVER:
        raise _nothing_to_come()
    with pretending(act):
        return _preview(act, subscription, params.get("subscription_details", {}))


def retrieve_payment(act: Act, params: Json, payment_id: str) -> Json:
    """One link between an invoice and its payment."""
    return act.get("invoice_payment", payment_id, status=404)


def list_payments(act: Act, params: Json) -> Json:
    """The payments of an invoice, or the invoice of a payment."""
    payment = params.get("payment", {})
    if payment.get("type") == "payment_intent" and "payment_intent" not in payment:
        raise RequestFailed(
            "Missing required param: payment[payment_intent].", code="parameter_missing",
            param="payment[payment_intent]",
        )  # fmt: skip
    return page(
        act, "invoice_payment", "/v1/invoice_payments", params, parent=params.get("invoice"),
        other=payment.get("payment_intent"), status=params.get("status"),
    )  # fmt: skip


def _preview(act: Act, subscription: Json, details: Json) -> Json:
    proration = details.get("proration_behavior", "create_prorations")
    restarted = False
    if "items" in details:
        anchor = subscription["billing_cycle_anchor"]
        at = details.get("proration_date")
        if at is not None:
            act.now = at
        wanted = subscriptions.item_changes(act, subscription, details["items"])
        changing.apply(act, subscription, wanted, proration=proration)
        restarted = subscription["billing_cycle_anchor"] != anchor
    ends = details.get("cancel_at_period_end", subscription["cancel_at_period_end"])
    immediately = restarted or proration == "always_invoice" or details.get("cancel_now")
    if ends and not immediately and not details.get("items"):
        raise _nothing_to_come()
    if not immediately:
        return renewing.foreseen(act, subscription)
    invoice = invoicing.draft(
        act, subscription, reason="subscription_update", period=(act.now, act.now),
        bill_period=restarted,
    )  # fmt: skip
    return renewing.provisional(act, invoice, attempt=act.now)


def _nothing_to_come() -> RequestFailed:
    return RequestFailed(
        "No upcoming invoices for customer: the subscription is canceled or ends with this "
        "period.",
        status=404, code="invoice_upcoming_none",
    )  # fmt: skip


ROUTES = [
    listed(
        URL, index, created=CREATED, customer=text(), status=STATUS, subscription=text(),
        collection_method=one_of("charge_automatically", "send_invoice"),
    ),
    post(URL + "/create_preview", preview, PREVIEW),
    get(URL + "/{id}", retrieve),
    post(
        URL + "/{id}", update,
        record(auto_advance=flag(), description=text(empty=True), metadata=mapping()),
    ),
    listed(URL + "/{id}/lines", lines),
    post(URL + "/{id}/finalize", finalize, record(auto_advance=flag())),
    post(
        URL + "/{id}/pay", pay,
        record(off_session=flag(), paid_out_of_band=flag(), payment_method=text()),
    ),
    post(URL + "/{id}/void", void),
    post(URL + "/{id}/mark_uncollectible", uncollectible),
    get("/v1/invoice_payments/{id}", retrieve_payment),
    listed(
        "/v1/invoice_payments", list_payments, created=CREATED, invoice=text(),
        status=one_of("canceled", "open", "paid"),
        payment=record(
            {"type!": one_of("payment_intent", "payment_record")}, payment_intent=text(),
            payment_record=text(),
        ),
    ),
]  # fmt: skip
