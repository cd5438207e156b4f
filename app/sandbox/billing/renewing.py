"""What comes due by itself: renewals, their invoices, and the answers of banks."""

from __future__ import annotations

from app.sandbox.acting import Act, pretending
from app.sandbox.billing import collecting, ending, invoicing, subscribing
from app.sandbox.errors import Json


def renew(act: Act, subscription_id: str, payload: Json | None) -> None:
    """The period is over: end the subscription, or draft the invoice of the next period."""
    subscription = act.find(subscription_id)
    if subscription is None or subscription["status"] in subscribing.OVER:
        return
    start, end = subscribing.period_of(subscription)
    if payload is None or payload["end"] != end:
        return
    if subscription["cancel_at_period_end"]:
        ending.end(act, subscription, reason="cancellation_requested")
        return
    before = subscribing.move_on(act, subscription)
    invoice = invoicing.draft(act, subscription, reason="subscription_cycle", period=(start, end))
    previous = {"items": before, "latest_invoice": subscription["latest_invoice"]}
    subscription["latest_invoice"] = invoice["id"]
    _plan_collection(act, subscription, invoice)
    act.put(invoice, "invoice.created")
    act.put(subscription, "customer.subscription.updated", previous=previous)
    paused = subscription["pause_collection"]
    if paused and paused["behavior"] != "keep_as_draft":
        if paused["behavior"] == "void":
            invoicing.set_aside(act, invoice, "void")
        else:
            invoicing.set_aside(act, invoice, "uncollectible", reason="subscription_paused")


def announce(act: Act, subscription_id: str, payload: Json | None) -> None:
    """A renewal is coming: tell the invoice that it will be, which has no id yet."""
    subscription = act.get("subscription", subscription_id)
    if subscription["status"] not in ("active", "past_due") or subscription["cancel_at_period_end"]:
        return
    with pretending(act):
        invoice = foreseen(act, subscription)
    del invoice["id"]
    act.tell("invoice.upcoming", invoice)


def foreseen(act: Act, subscription: Json) -> Json:
    """The invoice of the next renewal; to be called only in pretence."""
    start, end = subscribing.period_of(subscription)
    subscribing.move_on(act, subscription)
    act.now = end
    invoice = invoicing.draft(act, subscription, reason="upcoming", period=(start, end))
    return provisional(act, invoice, attempt=end + invoicing.DRAFT_FOR)


def provisional(act: Act, invoice: Json, *, attempt: int) -> Json:
    """The ids that an invoice and its lines have while they are only foreseen."""
    invoice |= {"id": act.new_id("upcoming_in_1"), "next_payment_attempt": attempt}
    for line in invoice["lines"]["data"]:
        line |= {"id": line["id"].replace("il_", "il_tmp_", 1), "invoice": invoice["id"]}
    return invoice


def finalize(act: Act, invoice_id: str, payload: Json | None) -> None:
    """The draft's hour is over: open it and collect it."""
    invoice = act.get("invoice", invoice_id)
    if invoice["status"] == "draft" and invoice["auto_advance"]:
        collecting.collect(act, invoicing.finalize(act, invoice))


def resume_collection(act: Act, subscription_id: str, payload: Json | None) -> None:
    """Collecting was paused until now."""
    subscription = act.get("subscription", subscription_id)
    paused = subscription["pause_collection"]
    if paused and paused["resumes_at"] is not None and paused["resumes_at"] <= act.now:
        act.change(subscription, "customer.subscription.updated", pause_collection=None)


def _plan_collection(act: Act, subscription: Json, invoice: Json) -> None:
    if subscription["pause_collection"] or subscription["status"] == "unpaid":
        invoice["auto_advance"] = False
        return
    at = act.now + invoicing.DRAFT_FOR
    invoice["automatically_finalizes_at"] = at
    act.schedule(at, "finalize", invoice["id"])
