"""Starting a subscription and keeping its state."""

from __future__ import annotations

import copy

from app.sandbox.acting import Act
from app.sandbox.billing import periods
from app.sandbox.errors import Json
from app.sandbox.shapes import subscriptions

OVER = ("canceled", "incomplete_expired")


def begin(
    act: Act,
    *,
    customer: str,
    priced: list[tuple[Json, int]],
    metadata: Json,
    **given: object,
) -> Json:
    """A subscription of these prices and quantities from now on; kept, not yet told."""
    first = priced[0][0]
    subscription = subscriptions.subscription(
        act, customer=customer, currency=first["currency"], metadata=metadata, start=act.now
    )
    subscription |= given
    end = periods.end_after(
        act.now,
        act.now,
        interval=first["recurring"]["interval"],
        count=first["recurring"]["interval_count"],
    )
    items = subscription["items"]
    items["url"] = f"/v1/subscription_items?subscription={subscription['id']}"
    items["data"] = [
        subscriptions.subscription_item(
            act, subscription, price, quantity=quantity, start=act.now, end=end
        )
        for price, quantity in priced
    ]
    plan_renewal(act, subscription, end)
    return act.add(subscription)


def period_of(subscription: Json) -> tuple[int, int]:
    """Start and end of the current billing period."""
    item = subscription["items"]["data"][0]
    return item["current_period_start"], item["current_period_end"]


def move_on(act: Act, subscription: Json) -> Json:
    """Move every item to its next period; returns the items as they were before."""
    before: Json = copy.deepcopy(subscription["items"])
    _, end = period_of(subscription)
    recurring = subscription["items"]["data"][0]["price"]["recurring"]
    following = periods.end_after(
        subscription["billing_cycle_anchor"],
        end,
        interval=recurring["interval"],
        count=recurring["interval_count"],
    )
    set_period(act, subscription, end, following)
    return before


def set_period(act: Act, subscription: Json, start: int, end: int) -> None:
    """Let the period run from start to end, and the renewal come due then."""
    for item in subscription["items"]["data"]:
        item |= {"current_period_start": start, "current_period_end": end, "billed_until": end}
    act.unschedule("renew", subscription["id"])
    act.unschedule("upcoming", subscription["id"])
    plan_renewal(act, subscription, end)


def plan_renewal(act: Act, subscription: Json, end: int) -> None:
    """Let the renewal come due, and before it the note that it is coming."""
    act.schedule(end, "renew", subscription["id"], {"end": end})
    early = act.turned.upcoming_days * 86_400
    if early:
        act.schedule(max(act.now, end - early), "upcoming", subscription["id"])


def become(act: Act, subscription: Json, status: str) -> None:
    """Another status, told once."""
    act.change(subscription, "customer.subscription.updated", status=status)
