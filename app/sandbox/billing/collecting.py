"""Collecting an invoice, again where it failed, and what that does to its subscription."""

from __future__ import annotations

from app.sandbox.acting import Act, subscription_of
from app.sandbox.billing import charging, ending, invoicing, subscribing
from app.sandbox.errors import Json, RequestFailed


def collect(act: Act, invoice: Json, *, method: Json | None = None) -> charging.Tried | None:
    """Try to pay an open invoice; None where nothing was due."""
    if invoice["amount_due"] == 0:
        paid(act, invoice, None)
        return None
    intent = invoicing.payment_of(act, invoice)
    if intent is None:
        raise RequestFailed("This invoice has no payment to collect.")
    if intent["status"] == "processing":
        raise RequestFailed(
            "This invoice has a payment that is still processing.",
            code="payment_intent_unexpected_state",
        )
    method = method or default_method(act, invoice)
    if method is None:
        failed(act, invoice, needs_action=False)
        return None
    tried = charging.attempt(act, intent, method)
    if tried.kind == "paid":
        paid(act, invoice, intent)
    elif tried.kind != "pending":
        failed(act, invoice, needs_action=tried.kind == "challenge")
    return tried


def default_method(act: Act, invoice: Json) -> Json | None:
    """The means of payment that an invoice falls back on."""
    subscription_id = subscription_of(invoice)
    subscription = act.find(subscription_id) if subscription_id else None
    customer = act.get("customer", invoice["customer"])
    for chosen in (
        invoice["default_payment_method"],
        subscription["default_payment_method"] if subscription else None,
        customer["invoice_settings"]["default_payment_method"],
    ):
        method = act.find(chosen) if chosen else None
        if method is not None and method["customer"] == customer["id"]:
            return method
    return None


def paid(act: Act, invoice: Json, intent: Json | None) -> None:
    """Mark it paid; a subscription that waited for it is active again."""
    invoicing.mark_paid(act, invoice, intent=intent)
    restore(act, invoice)


def restore(act: Act, invoice: Json) -> None:
    """The subscription of a paid invoice is active, its customer no longer in arrears."""
    subscription_id = subscription_of(invoice)
    subscription = act.find(subscription_id) if subscription_id else None
    if (
        subscription is not None
        and subscription["latest_invoice"] == invoice["id"]
        and subscription["status"] in ("incomplete", "past_due", "unpaid")
    ):
        subscribing.become(act, subscription, "active")
    _in_arrears(act, invoice, False)


def failed(act: Act, invoice: Json, *, needs_action: bool) -> None:
    """Count the failure, plan the next try, and let the subscription feel it."""
    subscription_id = subscription_of(invoice)
    subscription = act.find(subscription_id) if subscription_id else None
    waits = subscription is not None and subscription["status"] not in (
        "incomplete", *subscribing.OVER,
    )  # fmt: skip
    following = _next_attempt(act, invoice["attempt_count"]) if waits else None
    if following is not None:
        act.unschedule("retry", invoice["id"])
        act.schedule(following, "retry", invoice["id"])
    act.change(
        invoice,
        "invoice.updated",
        "invoice.payment_failed",
        *(["invoice.payment_action_required"] if needs_action else []),
        attempt_count=invoice["attempt_count"] + 1,
        attempted=True,
        auto_advance=following is not None,
        next_payment_attempt=following,
    )
    if waits and subscription is not None:
        _in_arrears(act, invoice, True)
        _feel_failure(act, subscription, final=following is None)


def retry(act: Act, invoice_id: str, payload: Json | None) -> None:
    """The next planned try has come due."""
    invoice = act.get("invoice", invoice_id)
    if invoice["status"] == "open" and invoice["auto_advance"]:
        collect_waiting(act, invoice)


def collect_waiting(act: Act, invoice: Json) -> None:
    """Collect an open invoice, unless a bank has yet to answer about it."""
    intent = invoicing.payment_of(act, invoice)
    if intent is None or intent["status"] != "processing":
        collect(act, invoice)


def _feel_failure(act: Act, subscription: Json, *, final: bool) -> None:
    if not final:
        subscribing.become(act, subscription, "past_due")
        return
    ends = act.turned.after_retries
    if ends == "cancel":
        ending.end(act, subscription, reason="payment_failed")
    else:
        subscribing.become(act, subscription, ends)


def _next_attempt(act: Act, failures: int) -> int | None:
    days = act.turned.retry_days
    return act.now + days[failures] * 86_400 if failures < len(days) else None


def _in_arrears(act: Act, invoice: Json, owes: bool) -> None:
    customer = act.find(invoice["customer"]) if invoice["customer"] else None
    if customer is not None and not customer.get("deleted"):
        act.change(customer, "customer.updated", delinquent=owes)
