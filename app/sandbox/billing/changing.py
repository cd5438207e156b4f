"""Changing what a subscription costs: at the next renewal, or at once with prorations."""

from __future__ import annotations

import copy
from dataclasses import dataclass

from app.sandbox.acting import Act
from app.sandbox.billing import collecting, invoicing, periods, subscribing
from app.sandbox.currencies import spell, step
from app.sandbox.errors import Json
from app.sandbox.shapes import catalog, invoices


@dataclass(frozen=True)
class Change:
    """The new price and quantity of one item."""

    item: str
    price: Json
    quantity: int


def apply(act: Act, subscription: Json, changes: list[Change], *, proration: str) -> Json:
    """Put the changes in place; returns what the items were before.

    ``proration`` is "none", "create_prorations" (billed with the next invoice) or
    "always_invoice" (billed now). Another interval always starts a new period and bills it now.
    """
    before: Json = copy.deepcopy(subscription["items"])
    items = {item["id"]: item for item in subscription["items"]["data"]}
    restarts = any(
        _rhythm(items[change.item]["price"]) != _rhythm(change.price) for change in changes
    )
    instant = act.now
    for change in changes:
        item = items[change.item]
        if proration != "none":
            _prorate(act, subscription, item, change, instant, credit_only=restarts)
        item |= {
            "plan": catalog.plan(change.price),
            "price": change.price,
            "quantity": change.quantity,
        }
    if restarts:
        _restart(act, subscription)
    return before


def draft_now(act: Act, subscription: Json, *, whole_period: bool) -> Json:
    """Draft what waits, and the new period where it has just begun; it is the latest invoice."""
    period = subscribing.period_of(subscription) if not whole_period else (act.now, act.now)
    invoice = invoicing.draft(
        act, subscription, reason="subscription_update", period=period, bill_period=whole_period
    )
    subscription["latest_invoice"] = invoice["id"]
    return act.put(invoice, "invoice.created")


def collect_now(act: Act, subscription: Json, invoice: Json) -> Json:
    """Collect the draft of a change at once; returns the subscription as it is then."""
    invoicing.finalize(act, invoice)
    collecting.collect(act, invoice)
    return act.get("subscription", subscription["id"])


def _rhythm(price: Json) -> tuple[str, int]:
    return price["recurring"]["interval"], price["recurring"]["interval_count"]


def _restart(act: Act, subscription: Json) -> None:
    recurring = subscription["items"]["data"][0]["price"]["recurring"]
    subscription["billing_cycle_anchor"] = act.now
    end = periods.end_after(
        act.now, act.now, interval=recurring["interval"], count=recurring["interval_count"]
    )
    subscribing.set_period(act, subscription, act.now, end)


def _prorate(
    act: Act, subscription: Json, item: Json, change: Change, instant: int, *, credit_only: bool
) -> None:
    start, end = item["current_period_start"], item["current_period_end"]
    left, whole = periods.share_left(start, end, instant)
    smallest = step(item["price"]["currency"])
    old = item["price"]["unit_amount"] * item["quantity"]
    new = change.price["unit_amount"] * change.quantity
    for amount, price, word in (
        (-_share(old, left, whole, smallest), item["price"], "Unused"),
        (_share(new, left, whole, smallest), change.price, "Remaining"),
    ):
        if amount == 0 or (credit_only and word == "Remaining"):
            continue
        each = spell(price["unit_amount"], price["currency"])
        made = invoices.proration(
            act,
            subscription,
            item,
            price,
            amount=amount,
            period=(instant, end),
            description=f"{word} time at {each} after the change",
        )
        act.add(made, "invoiceitem.created")


def _share(amount: int, left: int, whole: int, smallest: int) -> int:
    """The part of an amount, rounded half up to what can be charged."""
    return (2 * amount * left + whole * smallest) // (2 * whole * smallest) * smallest
