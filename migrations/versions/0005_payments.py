"""Stripe's events, and the mirror of its objects."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stripe_charge",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("ref", sa.String(length=36), nullable=True),
        sa.Column("payment_intent_id", sa.Text(), nullable=True),
        sa.Column("invoice_id", sa.Text(), nullable=True),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("amount_refunded", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failure_code", sa.Text(), nullable=True),
        sa.Column("card_brand", sa.Text(), nullable=True),
        sa.Column("card_last4", sa.String(length=4), nullable=True),
        sa.Column("balance_transaction_id", sa.Text(), nullable=True),
        sa.Column("came_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "amount_refunded BETWEEN 0 AND amount", name=op.f("ck_stripe_charge_refunded")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_charge")),
    )
    with op.batch_alter_table("stripe_charge", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_stripe_charge_card_last4"), ["card_last4"], unique=False
        )
        batch_op.create_index("ix_stripe_charge_created", ["created"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_stripe_charge_customer_id"), ["customer_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_stripe_charge_invoice_id"), ["invoice_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_stripe_charge_payment_intent_id"), ["payment_intent_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_stripe_charge_ref"), ["ref"], unique=False)
    op.create_table(
        "stripe_checkout",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("ref", sa.String(length=36), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("payment_status", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("subscription_id", sa.Text(), nullable=True),
        sa.Column("payment_intent_id", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("amount_total", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("async_failed", sa.Boolean(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "mode IN ('payment', 'subscription', 'setup')", name=op.f("ck_stripe_checkout_mode")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_checkout")),
    )
    with op.batch_alter_table("stripe_checkout", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stripe_checkout_ref"), ["ref"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_stripe_checkout_subscription_id"), ["subscription_id"], unique=False
        )
    op.create_table(
        "stripe_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("api_version", sa.Text(), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('new', 'handled', 'ignored', 'failed', 'unclaimed')",
            name=op.f("ck_stripe_event_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_event")),
        sa.UniqueConstraint("event_id", name=op.f("uq_stripe_event_event_id")),
    )
    with op.batch_alter_table("stripe_event", schema=None) as batch_op:
        batch_op.create_index(
            "ix_stripe_event_body",
            ["received_at"],
            unique=False,
            sqlite_where=sa.text("body <> ''"),
            postgresql_where=sa.text("body <> ''"),
        )
        batch_op.create_index("ix_stripe_event_object_id", ["object_id"], unique=False)
        batch_op.create_index("ix_stripe_event_state_try", ["state", "next_try_at"], unique=False)
    op.create_table(
        "stripe_invoice",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("ref", sa.String(length=36), nullable=False),
        sa.Column("subscription_id", sa.Text(), nullable=True),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("amount_due", sa.BigInteger(), nullable=False),
        sa.Column("amount_paid", sa.BigInteger(), nullable=False),
        sa.Column("billing_reason", sa.Text(), nullable=True),
        sa.Column("attempt_count", sa.BigInteger(), nullable=False),
        sa.Column("next_payment_attempt", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finalized_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_invoice")),
    )
    with op.batch_alter_table("stripe_invoice", schema=None) as batch_op:
        batch_op.create_index(
            "ix_stripe_invoice_failed",
            ["first_failed_at"],
            unique=False,
            sqlite_where=sa.text("first_failed_at IS NOT NULL"),
            postgresql_where=sa.text("first_failed_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_stripe_invoice_status_next", ["status", "next_payment_attempt"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_stripe_invoice_subscription_id"), ["subscription_id"], unique=False
        )
    op.create_table(
        "stripe_invoice_payment",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.Text(), nullable=False),
        sa.Column("payment_intent_id", sa.Text(), nullable=True),
        sa.Column("charge_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("amount_paid", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_invoice_payment")),
    )
    with op.batch_alter_table("stripe_invoice_payment", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_stripe_invoice_payment_invoice_id"), ["invoice_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_stripe_invoice_payment_charge_id"), ["charge_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_stripe_invoice_payment_payment_intent_id"),
            ["payment_intent_id"],
            unique=False,
        )
    op.create_table(
        "stripe_object",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("applied_created", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retrieved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_object")),
    )
    op.create_table(
        "stripe_refund",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("charge_id", sa.Text(), nullable=True),
        sa.Column("payment_intent_id", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("was_succeeded", sa.Boolean(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_refund")),
    )
    with op.batch_alter_table("stripe_refund", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stripe_refund_charge_id"), ["charge_id"], unique=False)
    op.create_table(
        "stripe_subscription",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("ref", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("interval", sa.Text(), nullable=False),
        sa.Column("interval_count", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("current_period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("current_period_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("start_date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trial_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_at_period_end", sa.Boolean(), nullable=False),
        sa.Column("canceled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancellation_reason", sa.Text(), nullable=True),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("resumes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("default_payment_method", sa.Text(), nullable=True),
        sa.Column("latest_invoice_id", sa.Text(), nullable=True),
        sa.Column(
            "metadata", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_subscription")),
    )
    with op.batch_alter_table("stripe_subscription", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_stripe_subscription_customer_id"), ["customer_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_stripe_subscription_ref"), ["ref"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("stripe_subscription", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stripe_subscription_ref"))
        batch_op.drop_index(batch_op.f("ix_stripe_subscription_customer_id"))
    op.drop_table("stripe_subscription")
    with op.batch_alter_table("stripe_refund", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stripe_refund_charge_id"))
    op.drop_table("stripe_refund")
    op.drop_table("stripe_object")
    with op.batch_alter_table("stripe_invoice_payment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stripe_invoice_payment_payment_intent_id"))
        batch_op.drop_index(batch_op.f("ix_stripe_invoice_payment_charge_id"))
        batch_op.drop_index(batch_op.f("ix_stripe_invoice_payment_invoice_id"))
    op.drop_table("stripe_invoice_payment")
    with op.batch_alter_table("stripe_invoice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stripe_invoice_subscription_id"))
        batch_op.drop_index("ix_stripe_invoice_status_next")
        batch_op.drop_index("ix_stripe_invoice_failed")
    op.drop_table("stripe_invoice")
    with op.batch_alter_table("stripe_event", schema=None) as batch_op:
        batch_op.drop_index("ix_stripe_event_state_try")
        batch_op.drop_index("ix_stripe_event_object_id")
        batch_op.drop_index("ix_stripe_event_body")
    op.drop_table("stripe_event")
    with op.batch_alter_table("stripe_checkout", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stripe_checkout_subscription_id"))
        batch_op.drop_index(batch_op.f("ix_stripe_checkout_ref"))
    op.drop_table("stripe_checkout")
    with op.batch_alter_table("stripe_charge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stripe_charge_ref"))
        batch_op.drop_index(batch_op.f("ix_stripe_charge_payment_intent_id"))
        batch_op.drop_index(batch_op.f("ix_stripe_charge_invoice_id"))
        batch_op.drop_index(batch_op.f("ix_stripe_charge_customer_id"))
        batch_op.drop_index("ix_stripe_charge_created")
        batch_op.drop_index(batch_op.f("ix_stripe_charge_card_last4"))
    op.drop_table("stripe_charge")
