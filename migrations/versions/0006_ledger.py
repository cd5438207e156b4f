"""The ledger, what we ask of Stripe, and what a comparison found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.triggers import append_only, drop_append_only

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reconcile_run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconcile_run")),
    )
    op.create_table(
        "stripe_balance_transaction",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_balance_transaction")),
    )
    with op.batch_alter_table("stripe_balance_transaction", schema=None) as batch_op:
        batch_op.create_index("ix_stripe_balance_transaction_created", ["created"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_stripe_balance_transaction_source_id"), ["source_id"], unique=False
        )
    op.create_table(
        "stripe_request",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("step_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column(
            "params", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("result_id", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'done', 'refused')", name=op.f("ck_stripe_request_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_request")),
        sa.UniqueConstraint("key", name=op.f("uq_stripe_request_key")),
    )
    op.create_table(
        "sync_mark",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sync_mark")),
    )
    op.create_table(
        "unclaimed",
        sa.Column("stripe_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("stripe_id", name=op.f("pk_unclaimed")),
    )
    with op.batch_alter_table("unclaimed", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_unclaimed_seen_at"), ["seen_at"], unique=False)
    op.create_table(
        "ledger_transaction",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("charge_id", sa.Text(), nullable=True),
        sa.Column("ref", sa.String(length=36), nullable=True),
        sa.Column(
            "account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('charge', 'refund', 'refund_failed', 'fee')",
            name=op.f("ck_ledger_transaction_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_ledger_transaction_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_transaction")),
        sa.UniqueConstraint("kind", "source_id", name=op.f("uq_ledger_transaction_kind_source_id")),
    )
    with op.batch_alter_table("ledger_transaction", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_ledger_transaction_account_id"), ["account_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_ledger_transaction_charge_id"), ["charge_id"], unique=False
        )
        batch_op.create_index("ix_ledger_transaction_effective", ["effective_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_ledger_transaction_ref"), ["ref"], unique=False)
    op.create_table(
        "reconcile_finding",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("stripe_id", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("repaired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('missing', 'extra', 'different', 'duplicate', 'stuck', 'unclaimed')",
            name=op.f("ck_reconcile_finding_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["reconcile_run.id"], name=op.f("fk_reconcile_finding_run_id_reconcile_run")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconcile_finding")),
    )
    with op.batch_alter_table("reconcile_finding", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reconcile_finding_run_id"), ["run_id"], unique=False)
    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "transaction_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_ledger_entry_amount")),
        sa.CheckConstraint(
            "book IN ('patrons', 'stripe', 'fees', 'exchange')", name=op.f("ck_ledger_entry_book")
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["ledger_transaction.id"],
            name=op.f("fk_ledger_entry_transaction_id_ledger_transaction"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
        sa.UniqueConstraint(
            "transaction_id",
            "book",
            "currency",
            name=op.f("uq_ledger_entry_transaction_id_book_currency"),
        ),
    )
    append_only("ledger_entry")


def downgrade() -> None:
    drop_append_only("ledger_entry")
    op.drop_table("ledger_entry")
    with op.batch_alter_table("reconcile_finding", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reconcile_finding_run_id"))
    op.drop_table("reconcile_finding")
    with op.batch_alter_table("ledger_transaction", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ledger_transaction_ref"))
        batch_op.drop_index("ix_ledger_transaction_effective")
        batch_op.drop_index(batch_op.f("ix_ledger_transaction_charge_id"))
        batch_op.drop_index(batch_op.f("ix_ledger_transaction_account_id"))
    op.drop_table("ledger_transaction")
    with op.batch_alter_table("unclaimed", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_unclaimed_seen_at"))
    op.drop_table("unclaimed")
    op.drop_table("sync_mark")
    op.drop_table("stripe_request")
    with op.batch_alter_table("stripe_balance_transaction", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stripe_balance_transaction_source_id"))
        batch_op.drop_index("ix_stripe_balance_transaction_created")
    op.drop_table("stripe_balance_transaction")
    op.drop_table("reconcile_run")
