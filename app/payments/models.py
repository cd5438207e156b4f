"""The inbox of Stripe's events, the mirror of its objects, and the ledger.

Amounts are minor units; ``currency`` is upper case. Times of the mirror are Stripe's. ``ref`` is
the public uuid that our metadata carries (``patron_desk_ref``); rows without it are not ours.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, BigId, JSONDoc, append_only

HAS_BODY = sa.text("body <> ''")
FAILED_ONCE = sa.text("first_failed_at IS NOT NULL")


class StripeEvent(Base):
    """One event as it came in, kept before anything is made of it."""

    __tablename__ = "stripe_event"
    __table_args__ = (
        sa.CheckConstraint(
            "state IN ('new', 'handled', 'ignored', 'failed', 'unclaimed')", name="state"
        ),
        sa.Index("ix_stripe_event_state_try", "state", "next_try_at"),
        sa.Index("ix_stripe_event_object_id", "object_id"),
        # What has lost its body is most of the table, and not looked at again.
        sa.Index(
            "ix_stripe_event_body", "received_at", sqlite_where=HAS_BODY, postgresql_where=HAS_BODY
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    event_id: Mapped[str] = mapped_column(unique=True)
    type: Mapped[str]
    api_version: Mapped[str | None]
    created: Mapped[datetime]  # whole seconds: ties happen
    object_id: Mapped[str]  # "" where the object has no id (invoice.upcoming)
    body: Mapped[str]  # raw JSON; "" after it was purged
    received_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="new")
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    error: Mapped[str | None]
    handled_at: Mapped[datetime | None]


class StripeObject(Base):
    """The row lock of one Stripe object, and how new what we know of it is."""

    __tablename__ = "stripe_object"

    id: Mapped[str] = mapped_column(primary_key=True)  # "sub_..."
    type: Mapped[str]
    applied_created: Mapped[datetime | None]  # of the newest event that was applied
    retrieved_at: Mapped[datetime | None]  # Stripe's side: when the applied snapshot was taken
    deleted: Mapped[bool] = mapped_column(default=False)


class StripeCheckout(Base):
    """A Checkout session of ours."""

    __tablename__ = "stripe_checkout"
    __table_args__ = (
        sa.CheckConstraint("mode IN ('payment', 'subscription', 'setup')", name="mode"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(sa.String(36), index=True)
    mode: Mapped[str]
    status: Mapped[str | None]
    payment_status: Mapped[str]
    customer_id: Mapped[str | None]
    subscription_id: Mapped[str | None] = mapped_column(index=True)
    payment_intent_id: Mapped[str | None]
    email: Mapped[str | None]
    name: Mapped[str | None]
    amount_total: Mapped[int | None]
    currency: Mapped[str | None] = mapped_column(sa.String(3))
    async_failed: Mapped[bool] = mapped_column(default=False)
    created: Mapped[datetime]


class StripeSubscription(Base):
    """Stripe's subscription as last seen; every field is projected from the object."""

    __tablename__ = "stripe_subscription"

    id: Mapped[str] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(sa.String(36), index=True)
    customer_id: Mapped[str] = mapped_column(index=True)
    status: Mapped[str]  # Stripe's word; new ones may come
    currency: Mapped[str] = mapped_column(sa.String(3))
    amount: Mapped[int]  # one interval, with the fee cover
    interval: Mapped[str]
    interval_count: Mapped[int]
    item_id: Mapped[str]
    product_id: Mapped[str]
    current_period_start: Mapped[datetime]
    current_period_end: Mapped[datetime]
    start_date: Mapped[datetime]
    trial_end: Mapped[datetime | None]
    cancel_at: Mapped[datetime | None]
    cancel_at_period_end: Mapped[bool]
    canceled_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    cancellation_reason: Mapped[str | None]
    is_paused: Mapped[bool]  # pause_collection is set, or Stripe's own status paused
    resumes_at: Mapped[datetime | None]
    default_payment_method: Mapped[str | None]
    latest_invoice_id: Mapped[str | None]
    meta: Mapped[dict[str, Any]] = mapped_column("metadata", JSONDoc)


class StripeInvoice(Base):
    """Stripe's invoice for one period of a subscription."""

    __tablename__ = "stripe_invoice"
    __table_args__ = (
        sa.Index("ix_stripe_invoice_status_next", "status", "next_payment_attempt"),
        sa.Index(
            "ix_stripe_invoice_failed", "first_failed_at",
            sqlite_where=FAILED_ONCE, postgresql_where=FAILED_ONCE,
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(sa.String(36))
    subscription_id: Mapped[str | None] = mapped_column(index=True)
    customer_id: Mapped[str | None]
    status: Mapped[str | None]
    currency: Mapped[str] = mapped_column(sa.String(3))
    total: Mapped[int]
    amount_due: Mapped[int]
    amount_paid: Mapped[int]
    billing_reason: Mapped[str | None]
    attempt_count: Mapped[int]
    next_payment_attempt: Mapped[datetime | None]
    created: Mapped[datetime]
    finalized_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    first_failed_at: Mapped[datetime | None]  # ours: the first event that said so


class StripeCharge(Base):
    """A try to take money: succeeded, pending or failed."""

    __tablename__ = "stripe_charge"
    __table_args__ = (
        sa.CheckConstraint("amount_refunded BETWEEN 0 AND amount", name="refunded"),
        sa.Index("ix_stripe_charge_created", "created"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    ref: Mapped[str | None] = mapped_column(sa.String(36), index=True)  # known late on renewals
    payment_intent_id: Mapped[str | None] = mapped_column(index=True)
    invoice_id: Mapped[str | None] = mapped_column(index=True)
    customer_id: Mapped[str | None] = mapped_column(index=True)
    status: Mapped[str]
    amount: Mapped[int]
    amount_refunded: Mapped[int]
    currency: Mapped[str] = mapped_column(sa.String(3))
    created: Mapped[datetime]
    failure_code: Mapped[str | None]
    card_brand: Mapped[str | None]
    card_last4: Mapped[str | None] = mapped_column(sa.String(4), index=True)
    balance_transaction_id: Mapped[str | None]
    came_at: Mapped[datetime | None]  # ours: of a debit, when an event said that it succeeded

    @hybrid_property
    def at(self) -> datetime:
        """When the money came, or the try was made: a debit takes days, all else is at once."""
        return self.came_at or self.created

    @at.inplace.expression
    @classmethod
    def _at(cls) -> sa.ColumnElement[datetime]:
        return sa.func.coalesce(cls.came_at, cls.created)


class StripeInvoicePayment(Base):
    """Which payment paid which invoice: a renewal's charge itself does not say."""

    __tablename__ = "stripe_invoice_payment"

    id: Mapped[str] = mapped_column(primary_key=True)
    invoice_id: Mapped[str] = mapped_column(index=True)
    payment_intent_id: Mapped[str | None] = mapped_column(index=True)
    charge_id: Mapped[str | None] = mapped_column(index=True)
    status: Mapped[str]
    amount_paid: Mapped[int | None]


class StripeRefund(Base):
    """Money that went back."""

    __tablename__ = "stripe_refund"

    id: Mapped[str] = mapped_column(primary_key=True)
    charge_id: Mapped[str | None] = mapped_column(index=True)
    payment_intent_id: Mapped[str | None]
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(sa.String(3))
    status: Mapped[str | None]
    reason: Mapped[str | None]
    created: Mapped[datetime]
    was_succeeded: Mapped[bool] = mapped_column(default=False)  # any snapshot said so
    failed_at: Mapped[datetime | None]  # ours: the first event that said so


class StripeBalanceTransaction(Base):
    """What Stripe moved on the account's balance, with its fee; known by listing only."""

    __tablename__ = "stripe_balance_transaction"
    __table_args__ = (sa.Index("ix_stripe_balance_transaction_created", "created"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]  # Stripe's word: charge, payment, refund, payout, stripe_fee …
    source_id: Mapped[str | None] = mapped_column(index=True)  # the charge, refund or payout
    amount: Mapped[int]  # signed, before the fee
    fee: Mapped[int]
    net: Mapped[int]
    currency: Mapped[str] = mapped_column(sa.String(3))  # of the balance, not of the charge
    created: Mapped[datetime]


class LedgerTransaction(Base):
    """One booked fact; its entries sum to nought in each currency."""

    __tablename__ = "ledger_transaction"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('charge', 'refund', 'refund_failed', 'fee')", name="kind"),
        sa.UniqueConstraint("kind", "source_id"),
        sa.Index("ix_ledger_transaction_effective", "effective_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str]
    source_id: Mapped[str]  # the charge, refund or balance transaction at Stripe
    charge_id: Mapped[str | None] = mapped_column(index=True)
    ref: Mapped[str | None] = mapped_column(sa.String(36), index=True)  # None: unclaimed
    account_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("account.id"), index=True)
    effective_at: Mapped[datetime]  # when it happened at Stripe
    booked_at: Mapped[datetime]


class LedgerEntry(Base):
    """One side of a fact, signed. Append-only.

    What we hold at Stripe is positive in ``stripe``; what came from people is negative in
    ``patrons``; what was spent is positive in ``fees``, in the currency that was paid;
    ``exchange`` joins two currencies.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        sa.CheckConstraint("amount <> 0", name="amount"),
        sa.CheckConstraint("book IN ('patrons', 'stripe', 'fees', 'exchange')", name="book"),
        sa.UniqueConstraint("transaction_id", "book", "currency"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    transaction_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("ledger_transaction.id"))
    book: Mapped[str]
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(sa.String(3))


append_only(LedgerEntry.__table__)  # type: ignore[arg-type]


class StripeRequest(Base):
    """What we were about to ask of Stripe, stored with its idempotency key before the call."""

    __tablename__ = "stripe_request"
    __table_args__ = (sa.CheckConstraint("state IN ('open', 'done', 'refused')", name="state"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)  # random 128 bits; Stripe gets it with the step
    step: Mapped[int] = mapped_column(default=0)  # how many keys were spent on an answer of 5xx
    step_at: Mapped[datetime | None]  # since when; none: since it was written down
    action: Mapped[str]  # "subscription.cancel"
    target: Mapped[str]  # the ref or Stripe id it is about
    params: Mapped[dict[str, Any]] = mapped_column(JSONDoc)
    state: Mapped[str] = mapped_column(default="open")
    result_id: Mapped[str | None]
    error: Mapped[str | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Unclaimed(Base):
    """An object of the Stripe account without our metadata; it counts nowhere."""

    __tablename__ = "unclaimed"

    stripe_id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    amount: Mapped[int | None]
    currency: Mapped[str | None] = mapped_column(sa.String(3))
    customer_id: Mapped[str | None]
    seen_at: Mapped[datetime] = mapped_column(index=True)


class SyncMark(Base):
    """How far a walk over one of Stripe's lists has come."""

    __tablename__ = "sync_mark"

    name: Mapped[str] = mapped_column(primary_key=True)  # "balance_transactions", "events"
    position: Mapped[datetime]  # everything created before is known


class ReconcileRun(Base):
    """One comparison of our mirror with Stripe."""

    __tablename__ = "reconcile_run"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    checked: Mapped[int] = mapped_column(default=0)


class ReconcileFinding(Base):
    """One difference that a comparison found, and whether it was repaired."""

    __tablename__ = "reconcile_finding"
    __table_args__ = (
        sa.CheckConstraint(
            "kind IN ('missing', 'extra', 'different', 'duplicate', 'stuck', 'unclaimed')",
            name="kind",
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    run_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("reconcile_run.id"), index=True)
    kind: Mapped[str]
    stripe_id: Mapped[str]
    detail: Mapped[str]
    repaired_at: Mapped[datetime | None]
