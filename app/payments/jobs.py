"""What the worker does for this room by itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from app.core import jobs
from app.payments import fees, forgetting, handling, reconcile, requesting
from app.payments.handling import WAITING
from app.payments.models import HAS_BODY, StripeEvent

KEEP_BODIES = timedelta(days=30)
PURGED_AT_ONCE = 1000


@jobs.every(timedelta(minutes=10), "payments.handle_inbox", is_long=True)
def _handle(work: jobs.Work, _payload: dict[str, Any]) -> None:
    """The worker does this all the time; here it is done even where only jobs are run."""
    while handling.handle_due(work.db, work.services["gateway"], now=work.now):
        pass


@jobs.every(timedelta(minutes=10), "payments.collect_fees", is_long=True)
def _collect_fees(work: jobs.Work, _payload: dict[str, Any]) -> None:
    """Fees and exchange of what was charged and refunded since the last time."""
    fees.collect(work.db, work.services["gateway"], now=work.now)


@jobs.every(timedelta(minutes=5), "payments.finish_requests", is_long=True)
def _finish_requests(work: jobs.Work, _payload: dict[str, Any]) -> None:
    """What a crash or a silence of Stripe left open is asked again, with its own key."""
    requesting.finish_open(work.db, work.services["gateway"], now=work.now)


@jobs.every(timedelta(days=1), "payments.reconcile", is_long=True)
def _reconcile(work: jobs.Work, _payload: dict[str, Any]) -> None:
    """Compare with Stripe every night."""
    reconcile.run(work.db, work.services["gateway"], now=work.now)


@jobs.handles("payments.reconcile_now", is_long=True)
def _reconcile_now(work: jobs.Work, _payload: dict[str, Any]) -> None:
    """Compare with Stripe because somebody asked for it."""
    reconcile.run(work.db, work.services["gateway"], now=work.now)


@jobs.handles("payments.forget", is_long=True)
def _forget(work: jobs.Work, payload: dict[str, Any]) -> None:
    """Stripe forgets a person who was erased, and the inbox what it holds about them."""
    for checkout_id in payload["checkouts"]:
        work.services["gateway"].expire_checkout(checkout_id)
    for customer_id in payload["customers"]:
        work.services["gateway"].delete_customer(customer_id)
    with work.db.transaction() as session:
        forgetting.unname(session, payload["refs"])
    forgetting.scrub(work.db, [*payload["refs"], *payload["customers"]])


@jobs.every(timedelta(days=1), "payments.purge", is_long=True)
def _purge(work: jobs.Work, _payload: dict[str, Any]) -> None:
    """Raw events hold names and addresses: what is done and 30 days old loses its body."""
    old = done_before(work.now - KEEP_BODIES)
    while True:
        with work.db.transaction() as session:
            numbers = list(session.scalars(old))
            done = sa.update(StripeEvent).where(StripeEvent.id.in_(numbers)).values(body="")
            session.execute(done.execution_options(synchronize_session=False))
        if len(numbers) < PURGED_AT_ONCE:
            return


def done_before(at: datetime) -> sa.Select[int]:
    """Events with a body that came in before, and wait for nothing; so many as go at once."""
    return (
        sa.select(StripeEvent.id)
        .where(
            StripeEvent.received_at < at,
            HAS_BODY,
            StripeEvent.state.not_in(WAITING),  # asked what it is, SQLite would go by the state
        )
        .limit(PURGED_AT_ONCE)
    )
