"""What upper rooms are told when something of ours changed at Stripe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

Kind = Literal["checkout", "subscription", "invoice", "charge", "refund", "invoice_payment"]


@dataclass(frozen=True, slots=True)
class Seen:
    """A subscription as one snapshot of it says, whether or not a newer one is known."""

    status: str
    total: int  # minor units an interval
    currency: str
    interval: str
    interval_count: int
    is_paused: bool
    ended_at: datetime | None
    cancellation_reason: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was told, by an event or by asking.

    Every event about a checkout, subscription or invoice of ours is told, stale ones too; of
    charges and refunds those that changed something; an invoice payment by the charge that it
    claims, with "claimed:<charge>" for its event.

    ``event_id`` names the cause and is the same however often it is told: "evt_...", or
    "checkout:<id>", "request:<key>" and "reconcile:<run>:<id>" where we asked. ``at`` is when it
    was so at Stripe. ``seen`` is there for subscriptions that an event or a comparison told of.
    """

    kind: Kind
    stripe_id: str
    ref: str
    event_id: str
    at: datetime
    seen: Seen | None
    now: datetime


Listener = Callable[[Session, Sequence[Change]], None]
on_change: list[Listener] = []


def listens(function: Listener) -> Listener:
    """Register a function that is called in the transaction that wrote mirror and ledger."""
    on_change.append(function)
    return function


def tell(session: Session, changes: Sequence[Change]) -> None:
    """Tell every listener of all changes at once, in the order in which they were so at Stripe."""
    for listener in on_change if changes else ():
        listener(session, changes)
