"""What looks wrong without asking Stripe: double, stuck, overdue, unclaimed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.payments.models import (
    StripeCharge,
    StripeEvent,
    StripeRequest,
    StripeSubscription,
    Unclaimed,
)

LONG = timedelta(minutes=15)  # for what should be done in seconds
OVERDUE = timedelta(days=3)  # a renewal takes an hour at Stripe; an alarm is worth the wait
LIVING = ("active", "past_due", "trialing", "unpaid", "paused")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be."""

    kind: str  # missing, extra, different, duplicate, stuck, unclaimed
    stripe_id: str
    detail: str
    repaired: bool = False


def suspects(session: Session, *, now: datetime, since: datetime | None) -> list[Finding]:
    """Everything suspicious now; of the unclaimed, what was seen since."""
    return [
        *_double(session),
        *_stuck(session, now),
        *_overdue(session, now),
        *_unclaimed(session, since),
    ]


def _double(session: Session) -> Iterator[Finding]:
    living = (
        sa.select(StripeSubscription.ref, sa.func.min(StripeSubscription.id), sa.func.count())
        .where(StripeSubscription.status.in_(LIVING))
        .group_by(StripeSubscription.ref)
        .having(sa.func.count() > 1)
    )
    for _, subscription_id, number in session.execute(living):
        yield Finding("duplicate", subscription_id, f"{number} living subscriptions of one sign-up")
    paid = (
        sa.select(StripeCharge.invoice_id, sa.func.min(StripeCharge.id), sa.func.count())
        .where(StripeCharge.status == "succeeded", StripeCharge.invoice_id.is_not(None))
        .group_by(StripeCharge.invoice_id)
        .having(sa.func.count() > 1)
    )
    for invoice_id, charge_id, number in session.execute(paid):
        yield Finding("duplicate", charge_id, f"{number} charges paid for invoice {invoice_id}")


def _stuck(session: Session, now: datetime) -> Iterator[Finding]:
    waiting = sa.select(StripeEvent.event_id, StripeEvent.type, StripeEvent.error).where(
        StripeEvent.state.in_(("new", "failed")), StripeEvent.received_at < now - LONG
    )
    for event_id, kind, error in session.execute(waiting):
        yield Finding("stuck", event_id, f"{kind} is not handled: {error or 'no worker took it'}")
    asked = sa.select(StripeRequest.target, StripeRequest.action, StripeRequest.error).where(
        StripeRequest.state == "open", StripeRequest.created_at < now - LONG
    )
    for target, action, error in session.execute(asked):
        yield Finding("stuck", target, f"{action} has no answer: {error or 'it was cut short'}")


def _overdue(session: Session, now: datetime) -> Iterator[Finding]:
    """Renewals that were due and did not come: the alarm."""
    due = sa.select(StripeSubscription.id, StripeSubscription.current_period_end).where(
        StripeSubscription.status.in_(("active", "past_due")),
        StripeSubscription.is_paused.is_(False),
        StripeSubscription.current_period_end < now - OVERDUE,
    )
    for subscription_id, end in session.execute(due):
        yield Finding("stuck", subscription_id, f"was due to renew on {end:%Y-%m-%d} and did not")


def _unclaimed(session: Session, since: datetime | None) -> Iterator[Finding]:
    held = sa.select(Unclaimed)
    if since is not None:
        held = held.where(Unclaimed.seen_at > since)
    for row in session.scalars(held):
        yield Finding("unclaimed", row.stripe_id, f"this {row.type} does not carry our reference")
