"""What Stripe knows of sign-ups, as our mirror has it: a handful of reads, however many they are.

Within one transaction the mirror stands still, so what is read once holds until the end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.statements import OneOf, rows
from app.payments import copies
from app.payments.copies import Copy
from app.payments.models import (
    StripeCharge,
    StripeCheckout,
    StripeInvoice,
    StripeRefund,
    StripeSubscription,
)

NOT_PAID = ("past_due", "unpaid")  # Stripe's words while a renewal has not been paid
TRIES = ("succeeded", "failed")
_charge: Any = StripeCharge.__table__.c
_invoice: Any = StripeInvoice.__table__.c
_refund: Any = StripeRefund.__table__.c
_TRIES = (
    sa.select(
        _charge.ref, _charge.status, _charge.id, StripeCharge.at, _charge.amount,
        _charge.amount_refunded,
    )
    .where(OneOf(_charge.ref, "refs"), _charge.status.in_(TRIES))
    .order_by(StripeCharge.at, _charge.id)
)  # fmt: skip
_FAILED_OF = sa.select(_invoice.subscription_id, _invoice.status, _invoice.first_failed_at).where(
    OneOf(_invoice.subscription_id, "subscriptions")
)
_FIRST_PAID = (
    sa.select(_invoice.subscription_id, sa.func.min(_invoice.paid_at))
    .where(OneOf(_invoice.subscription_id, "subscriptions"), _invoice.paid_at.is_not(None))
    .where(_invoice.billing_reason == "subscription_create")
    .group_by(_invoice.subscription_id)
)
_RETURNED = (
    sa.select(_refund.charge_id, sa.func.max(_refund.created))
    .where(OneOf(_refund.charge_id, "charges"), _refund.status != "failed")
    .group_by(_refund.charge_id)
)


@dataclass(frozen=True, slots=True)
class Try:
    """One try to take money; minor units. ``at`` is when it came: a debit takes days."""

    id: str
    at: datetime
    amount: int
    amount_refunded: int


@dataclass(frozen=True, slots=True)
class Facts:
    """All about one sign-up."""

    checkout: Copy | None  # not asked for once it was paid
    subscription: Copy | None
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


def first_paid(session: Session, subscriptions: Collection[str]) -> dict[str, datetime]:
    """When the first invoice of subscriptions was paid, by Stripe; left out where it is untold.

    A debit's charge is dated when the reader sent it off, its invoice when the money came.
    """
    return dict(rows(session, _FIRST_PAID, {"subscriptions": list(subscriptions)}))


def _tries(
    session: Session, refs: Collection[str]
) -> tuple[Mapping[str, list[Try]], Mapping[str, list[Try]]]:
    found: dict[str, dict[str, list[Try]]] = {status: defaultdict(list) for status in TRIES}
    for ref, status, charge_id, at, amount, refunded in rows(session, _TRIES, {"refs": list(refs)}):
        found[status][ref or ""].append(Try(charge_id, at, amount, refunded))
    return found["succeeded"], found["failed"]


def _subscriptions(session: Session, refs: Collection[str]) -> dict[str, Copy]:
    """The first of each, where Stripe has several."""
    found = copies.where(session, StripeSubscription.ref, refs)
    found.sort(key=lambda row: (row.start_date, row.id), reverse=True)
    return {row.ref: row for row in found}


def _checkouts(session: Session, refs: Collection[str]) -> dict[str, Copy]:
    """The newest of each."""
    found = sorted(copies.where(session, StripeCheckout.ref, refs), key=lambda row: row.id)
    found.sort(key=lambda row: row.created)
    return {row.ref: row for row in found}


def _first_failed(session: Session, subscriptions: Collection[Copy]) -> dict[str, datetime]:
    """Since when the invoice that is open could not be paid, by the subscription."""
    late = [row.id for row in subscriptions if row.status in NOT_PAID]
    invoices = rows(session, _FAILED_OF, {"subscriptions": late}) if late else ()
    found: dict[str, datetime] = {}
    for subscription_id, status, failed_at in invoices:
        if status == "open" and failed_at is not None:
            found[subscription_id] = min(failed_at, found.get(subscription_id, failed_at))
    return found


def _returned(session: Session, paid: Mapping[str, list[Try]]) -> dict[str, datetime]:
    """When all of the newest charge was given back, where it was."""
    newest = {ref: tries[-1] for ref, tries in paid.items() if tries}
    back = {ref: one for ref, one in newest.items() if one.amount_refunded >= one.amount}
    if not back:
        return {}
    at = dict(rows(session, _RETURNED, {"charges": [one.id for one in back.values()]}))
    return {ref: at.get(one.id) or one.at for ref, one in back.items()}
