"""What follows for a pledge from Stripe's subscription and the charges that succeeded.

State comes from the objects as the mirror has them, never from the name or order of an event.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from app.core.statements import Plain
from app.membership import history, queries
from app.membership.cases import Draft
from app.membership.facts import NOT_PAID, Facts, Try
from app.membership.history import Past
from app.membership.models import Pledge
from app.payments.copies import Copy

INTERVALS = ("month", "year")
# Stripe's words for a subscription, as ours for a pledge; a word that is not here changes nothing.
STATES = {
    "active": "active", "trialing": "active", "past_due": "past_due", "paused": "paused",
    "incomplete": "pending", "unpaid": "ended", "canceled": "ended", "incomplete_expired": "ended",
}  # fmt: skip
REASONS = {"payment_disputed": "dispute", "payment_failed": "involuntary"}


def needs_past(pledge: Draft, facts: Facts) -> bool:
    """Whether what follows depends on the pledge's history: where it fails, or is over."""
    subscription = facts.subscription
    if subscription is None:
        return False
    state = state_of(subscription.status, is_paused=subscription.is_paused, else_=pledge.state)
    is_over = facts.has_failed or pledge.give_back_from is not None
    return is_over or state not in ("pending", "active", "paused")


def derive(pledge: Draft, sign_up: Draft, facts: Facts, past: Past) -> str:
    """Write everything but the state, which is given back for the caller to judge."""
    first = first_kept(pledge, facts)
    pledge.started_at = first.at if first is not None else None
    pledge.returned_at = facts.returned_at
    subscription = facts.subscription
    if subscription is None:
        return _without_subscription(pledge, facts)
    pledge.subscription_id = subscription.id
    _take_terms(pledge, sign_up, subscription)
    state = state_of(subscription.status, is_paused=subscription.is_paused, else_=pledge.state)
    if pledge.started_at is None and state != "ended":
        state = "ended" if facts.has_failed else "pending"
    if pledge.give_back_from is not None:
        state = "ended"
    _take_dates(pledge, subscription, facts, past, state)
    return state


def first_kept(pledge: Draft, facts: Facts) -> Try | None:
    """The charge that a pledge began to count with. A duplicate has one too, and counts nowhere."""
    first = facts.paid[0] if facts.paid else None
    return first if first is not None and not _is_late(pledge, first.at) else None


def gives_back(pledge: Draft | Pledge, charged_at: datetime) -> bool:
    """Whether what a pledge was charged at a moment is not kept."""
    return bool(pledge.state == "duplicate") or _is_late(pledge, charged_at)


def lapse(pledge: Draft, state: str, past: Past, *, grace: timedelta, now: datetime) -> bool:
    """Whether a pledge that is past due stopped counting, because grace ran out."""
    since = pledge.past_due_since
    if state != "past_due" or since is None:
        return False
    over_at = since + grace
    cause = f"{history.GRACE}{pledge.ref}:{since.isoformat()}"
    rows = {row.cause_key: row for row in past.of(pledge.id)}
    if cause in rows:
        over_at = rows[cause].effective_at  # as it was decided then
    elif over_at > now:
        return False
    pledge.ended_at, pledge.end_reason, pledge.cancels_at = over_at, history.INVOLUNTARY, None
    past.add(
        pledge.id,
        cause_key=cause,
        effective_at=over_at,
        state=history.LAPSED,
        total=pledge.total,
        interval=pledge.interval,
        reason=history.INVOLUNTARY,
    )
    return True


def state_of(status: str, *, is_paused: bool, else_: str) -> str:
    """A subscription's status as a pledge's state; ``else_`` for words that are new to us."""
    state = STATES.get(status, else_)
    return "paused" if is_paused and state == "active" else state


def reason_of(status: str, cancellation_reason: str | None) -> str:
    """Why a pledge ended: voluntary, involuntary or dispute."""
    if status in ("unpaid", "incomplete_expired"):
        return "involuntary"
    return REASONS.get(cancellation_reason or "", "voluntary")


def _without_subscription(pledge: Draft, facts: Facts) -> str:
    """Finished on Stripe's page, and the subscription is not known yet, or never came to be."""
    if not facts.has_failed or facts.checkout is None or pledge.state == "duplicate":
        return str(pledge.state)
    pledge.ended_at = facts.failed[-1].at if facts.failed else facts.checkout.created
    pledge.end_reason = "involuntary"
    return "ended"


def _take_terms(pledge: Draft, sign_up: Draft, subscription: Copy) -> None:
    """How much and how often; how a total is made up only we know."""
    if subscription.amount != pledge.total:
        parts = queries.parts_of(subscription.amount, pledge, sign_up)
        pledge.amount, pledge.fee_cover = parts
    if subscription.interval in INTERVALS and subscription.interval_count == 1:
        pledge.interval = subscription.interval


def _take_dates(pledge: Draft, subscription: Copy, facts: Facts, past: Past, state: str) -> None:
    """Periods are Stripe's; while a renewal is not paid, the paid time ended where it began."""
    start, end = subscription.current_period_start, subscription.current_period_end
    if pledge.started_at is not None and pledge.give_back_from is None:
        pledge.paid_through = start if subscription.status in NOT_PAID else end
    pledge.past_due_since = pledge.ended_at = pledge.end_reason = pledge.cancels_at = None
    if state == "past_due":
        failing = _last_run(pledge, past, history.FAILING)
        since = failing.effective_at if failing is not None else start
        pledge.past_due_since = facts.first_failed_at or since
    elif state == "ended":
        over = _last_run(pledge, past, ("ended", history.LAPSED))
        known = over.effective_at if over is not None else subscription.ended_at
        pledge.ended_at = known or pledge.give_back_from or start
        said = reason_of(subscription.status, subscription.cancellation_reason)
        pledge.end_reason = (over.reason if over is not None else None) or said
    if state != "ended":
        at_end = end if subscription.cancel_at_period_end else None
        pledge.cancels_at = subscription.cancel_at or at_end


def _is_late(pledge: Draft | Pledge, charged_at: datetime) -> bool:
    since: datetime | None = pledge.give_back_from
    return since is not None and charged_at >= since


def _last_run(pledge: Draft, past: Past, states: tuple[str, ...]) -> Plain | None:
    """The row with which the history began to say one of these states, if it does so now."""
    first = None
    for row in past.of(pledge.id):
        first = (first or row) if row.state in states else None
    return first
