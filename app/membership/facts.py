"""What Stripe knows of sign-ups, as our mirror has it: a handful of reads, however many they are.

Within one transaction the mirror stands still, so what is read once holds until the end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.payments.models import (
    StripeCharge,
    StripeCheckout,
    StripeInvoice,
    StripeRefund,
    StripeSubscription,
)

NOT_PAID = ("past_due", "unpaid")  # Stripe's words while a renewal has not been paid
TRIES = ("succeeded", "failed")


@dataclass(frozen=True, slots=True)
class Try:
    """One try to take money; minor units."""

    id: str
    created: datetime
    amount: int
    amount_refunded: int


@dataclass(frozen=True, slots=True)
class Facts:
    """All about one sign-up."""

    checkout: StripeCheckout | None  # not asked for once it was paid
    subscription: StripeSubscription | None
    paid: list[Try]  # succeeded, oldest first
    failed: list[Try]  # oldest first
    first_failed_at: datetime | None  # of the invoice that is still open
    returned_at: datetime | None  # when the newest paid charge went back whole

    @property
    def is_complete(self) -> bool:
        """Whether the reader finished Stripe's page; the money may still take days."""
        return self.checkout is not None and self.checkout.status == "complete"

    @property
    def has_failed(self) -> bool:
        """Whether a payment that takes days came to nothing, and no other was made."""
        return self.checkout is not None and self.checkout.async_failed and not self.paid

    @property
    def has_begun(self) -> bool:
        """Whether there is anything to keep of it."""
        return self.is_complete or self.subscription is not None or bool(self.paid)


def of(session: Session, ref: str) -> Facts:
    """The facts of one sign-up."""
    return of_each(session, [ref])[ref]


def of_each(
    session: Session, refs: Collection[str], *, settled: Collection[str] = ()
) -> dict[str, Facts]:
    """The facts of sign-ups by their ref; a checkout has nothing to say of ``settled`` ones."""
    paid, failed = _tries(session, refs)
    subscriptions = _subscriptions(session, refs)
    checkouts = _checkouts(session, set(refs) - set(settled))
    failures = _first_failed(session, subscriptions.values())
    returned = _returned(session, paid)
    return {
        ref: Facts(
            checkout=checkouts.get(ref),
            subscription=subscriptions.get(ref),
            paid=paid[ref],
            failed=failed[ref],
            first_failed_at=failures.get(subscriptions[ref].id) if ref in subscriptions else None,
            returned_at=returned.get(ref),
        )
        for ref in refs
    }


def _tries(
    session: Session, refs: Collection[str]
) -> tuple[Mapping[str, list[Try]], Mapping[str, list[Try]]]:
    table = StripeCharge
    rows = session.execute(
        sa.select(
            table.ref, table.status, table.id, table.created, table.amount, table.amount_refunded
        )
        .where(table.ref.in_(refs), table.status.in_(TRIES))
        .order_by(table.created, table.id)
    )
    found: dict[str, dict[str, list[Try]]] = {status: defaultdict(list) for status in TRIES}
    for ref, status, charge_id, created, amount, refunded in rows:
        found[status][ref or ""].append(Try(charge_id, created, amount, refunded))
    return found["succeeded"], found["failed"]


def _subscriptions(session: Session, refs: Collection[str]) -> dict[str, StripeSubscription]:
    """The first of each, where Stripe has several."""
    mine = sa.select(StripeSubscription).where(StripeSubscription.ref.in_(refs))
    newest = mine.order_by(StripeSubscription.start_date.desc(), StripeSubscription.id.desc())
    return {row.ref: row for row in session.scalars(newest)}


def _checkouts(session: Session, refs: Collection[str]) -> dict[str, StripeCheckout]:
    """The newest of each."""
    if not refs:
        return {}
    mine = sa.select(StripeCheckout).where(StripeCheckout.ref.in_(refs))
    oldest = mine.order_by(StripeCheckout.created, StripeCheckout.id.desc())
    return {row.ref: row for row in session.scalars(oldest)}


def _first_failed(
    session: Session, subscriptions: Collection[StripeSubscription]
) -> dict[str, datetime]:
    late = [row.id for row in subscriptions if row.status in NOT_PAID]
    if not late:
        return {}
    unpaid = (
        sa.select(StripeInvoice.subscription_id, sa.func.min(StripeInvoice.first_failed_at))
        .where(StripeInvoice.subscription_id.in_(late), StripeInvoice.status == "open")
        .group_by(StripeInvoice.subscription_id)
    )
    return {key: at for key, at in session.execute(unpaid) if key is not None and at is not None}


def _returned(session: Session, paid: Mapping[str, list[Try]]) -> dict[str, datetime]:
    """When all of the newest charge was given back, where it was."""
    newest = {ref: tries[-1] for ref, tries in paid.items() if tries}
    back = {ref: one for ref, one in newest.items() if one.amount_refunded >= one.amount}
    if not back:
        return {}
    given = (
        sa.select(StripeRefund.charge_id, sa.func.max(StripeRefund.created))
        .where(StripeRefund.charge_id.in_([one.id for one in back.values()]))
        .where(StripeRefund.status != "failed")
        .group_by(StripeRefund.charge_id)
    )
    at = {charge_id: when for charge_id, when in session.execute(given)}  # noqa: C416  (typed)
    return {ref: at.get(one.id) or one.created for ref, one in back.items()}
