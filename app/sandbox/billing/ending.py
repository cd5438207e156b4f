"""Ending a subscription: at once, at a date, or at the end of the period."""

from __future__ import annotations

from app.sandbox.acting import Act
from app.sandbox.billing import subscribing
from app.sandbox.errors import Json


def end(act: Act, subscription: Json, *, reason: str, details: Json | None = None) -> Json:
    """The subscription is over; what it has not collected is left as it is."""
    told = subscription["cancellation_details"] | {"reason": reason} | (details or {})
    subscription |= {
        "cancellation_details": told,
        "canceled_at": subscription["canceled_at"] or act.now,
        "ended_at": act.now,
        "status": "canceled",
    }
    act.unschedule("renew", subscription["id"])
    act.unschedule("cancel_at", subscription["id"])
    for invoice in act.where("invoice", parent=subscription["id"]):
        if invoice["status"] in ("draft", "open"):
            _let_be(act, invoice)
    return act.put(subscription, "customer.subscription.deleted")


def expire(act: Act, subscription_id: str, payload: Json | None) -> None:
    """A subscription whose first invoice was not paid within 23 hours never began."""
    subscription = act.get("subscription", subscription_id)
    if subscription["status"] != "incomplete":
        return
    act.unschedule("renew", subscription_id)
    act.change(
        subscription,
        "customer.subscription.updated",
        status="incomplete_expired",
        ended_at=act.now,
    )
    for invoice in act.where("invoice", parent=subscription_id, status="open"):
        _let_be(act, invoice)


def plan_end(act: Act, subscription: Json, *, at: int | None) -> Json:
    """What changes when the end is planned for ``at``, or taken back with None."""
    act.unschedule("cancel_at", subscription["id"])
    _, period_end = subscribing.period_of(subscription)
    if at is not None and at != period_end:
        act.schedule(at, "cancel_at", subscription["id"])
    details = subscription["cancellation_details"]
    return {
        "cancel_at": at,
        "cancel_at_period_end": at is not None and at == period_end,
        "canceled_at": None if at is None else subscription["canceled_at"] or act.now,
        "cancellation_details": details
        | {"reason": None if at is None else "cancellation_requested"},
    }


def planned(act: Act, subscription_id: str, payload: Json | None) -> None:
    """The planned date is here."""
    subscription = act.get("subscription", subscription_id)
    if subscription["status"] not in subscribing.OVER and subscription["cancel_at"] is not None:
        end(act, subscription, reason="cancellation_requested")


def _let_be(act: Act, invoice: Json) -> None:
    act.unschedule("finalize", invoice["id"])
    act.unschedule("retry", invoice["id"])
    act.change(
        invoice,
        "invoice.updated",
        auto_advance=False,
        automatically_finalizes_at=None,
        next_payment_attempt=None,
    )
