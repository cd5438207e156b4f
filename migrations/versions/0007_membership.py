"""Sign-ups, pledges, gifts and consents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "consent",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("wording_version", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('know_me', 'on_wall', 'credit_me')", name=op.f("ck_consent_kind")
        ),
        sa.CheckConstraint(
            "withdrawn_at IS NULL OR withdrawn_at >= given_at", name=op.f("ck_consent_order")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_consent_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.create_index(
            "uq_consent_given",
            ["account_id", "kind"],
            unique=True,
            sqlite_where=sa.text("withdrawn_at IS NULL"),
            postgresql_where=sa.text("withdrawn_at IS NULL"),
        )
    op.create_table(
        "receipt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("charge_id", sa.Text(), nullable=False),
        sa.Column(
            "account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("ref", sa.String(length=36), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("interval", sa.Text(), nullable=False),
        sa.Column("fee_cover", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_receipt_number")),
        sa.CheckConstraint("fee_cover >= 0", name=op.f("ck_receipt_fee_cover")),
        sa.CheckConstraint(
            "interval IN ('month', 'year', 'once')", name=op.f("ck_receipt_interval")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_receipt_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
        sa.UniqueConstraint("charge_id", name=op.f("uq_receipt_charge_id")),
        sa.UniqueConstraint("year", "number", name=op.f("uq_receipt_year_number")),
    )
    with op.batch_alter_table("receipt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_receipt_account_id"), ["account_id"], unique=False)
    op.create_table(
        "receipt_book",
        sa.Column(
            "year",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("last_number >= 0", name=op.f("ck_receipt_book_last_number")),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_receipt_book")),
    )
    op.create_table(
        "seat",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('gift', 'complimentary', 'solidarity')", name=op.f("ck_seat_kind")
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_seat_dates")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_seat_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat")),
    )
    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seat_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_seat_ends_at"), ["ends_at"], unique=False)
    op.create_table(
        "sign_up",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ref", sa.String(length=36), nullable=False),
        sa.Column("form_key", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column(
            "account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("interval", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("fee_cover", sa.BigInteger(), nullable=False),
        sa.Column(
            "consents", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("campaign", sa.Text(), nullable=True),
        sa.Column("article", sa.Text(), nullable=True),
        sa.Column("referrer", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("checkout_id", sa.Text(), nullable=True),
        sa.Column("checkout_url", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "interval IN ('month', 'year', 'once')", name=op.f("ck_sign_up_interval")
        ),
        sa.CheckConstraint(
            "state IN ('open', 'pending', 'paid', 'failed', 'expired')",
            name=op.f("ck_sign_up_state"),
        ),
        sa.CheckConstraint("amount > 0 AND fee_cover >= 0", name=op.f("ck_sign_up_amounts")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_sign_up_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_up")),
        sa.UniqueConstraint("checkout_id", name=op.f("uq_sign_up_checkout_id")),
        sa.UniqueConstraint("form_key", name=op.f("uq_sign_up_form_key")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_sign_up_idempotency_key")),
        sa.UniqueConstraint("ref", name=op.f("uq_sign_up_ref")),
    )
    with op.batch_alter_table("sign_up", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_up_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sign_up_campaign"), ["campaign"], unique=False)
        batch_op.create_index(batch_op.f("ix_sign_up_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_sign_up_email_key"), ["email_key"], unique=False)
    op.create_table(
        "gift",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ref", sa.String(length=36), nullable=False),
        sa.Column(
            "account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "sign_up_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("fee_cover", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("standing_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'paid', 'failed', 'refunded')", name=op.f("ck_gift_state")
        ),
        sa.CheckConstraint("state <> 'paid' OR paid_at IS NOT NULL", name=op.f("ck_gift_paid")),
        sa.CheckConstraint(
            "standing_until IS NULL OR state = 'paid'", name=op.f("ck_gift_standing")
        ),
        sa.CheckConstraint("amount > 0 AND fee_cover >= 0", name=op.f("ck_gift_amounts")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_gift_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["sign_up_id"], ["sign_up.id"], name=op.f("fk_gift_sign_up_id_sign_up")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift")),
        sa.UniqueConstraint("ref", name=op.f("uq_gift_ref")),
        sa.UniqueConstraint("sign_up_id", name=op.f("uq_gift_sign_up_id")),
    )
    with op.batch_alter_table("gift", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_gift_account_id"), ["account_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_gift_standing_until"), ["standing_until"], unique=False
        )
    op.create_table(
        "pledge",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ref", sa.String(length=36), nullable=False),
        sa.Column(
            "account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "sign_up_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("subscription_id", sa.Text(), nullable=True),
        sa.Column("interval", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("fee_cover", sa.BigInteger(), nullable=False),
        sa.Column("wanted_amount", sa.BigInteger(), nullable=True),
        sa.Column("wanted_fee_cover", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_through", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("past_due_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancels_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("give_back_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("campaign", sa.Text(), nullable=True),
        sa.Column("article", sa.Text(), nullable=True),
        sa.CheckConstraint("interval IN ('month', 'year')", name=op.f("ck_pledge_interval")),
        sa.CheckConstraint(
            "state <> 'ended' OR ended_at IS NOT NULL", name=op.f("ck_pledge_ended")
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'ended', 'duplicate') OR started_at IS NOT NULL",
            name=op.f("ck_pledge_started"),
        ),
        sa.CheckConstraint(
            "end_reason IS NULL OR end_reason IN ('voluntary', 'involuntary', 'dispute')",
            name=op.f("ck_pledge_end_reason"),
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'active', 'past_due', 'paused', 'ended', 'duplicate')",
            name=op.f("ck_pledge_state"),
        ),
        sa.CheckConstraint("amount > 0 AND fee_cover >= 0", name=op.f("ck_pledge_amounts")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_pledge_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["sign_up_id"], ["sign_up.id"], name=op.f("fk_pledge_sign_up_id_sign_up")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pledge")),
        sa.UniqueConstraint("ref", name=op.f("uq_pledge_ref")),
        sa.UniqueConstraint("sign_up_id", name=op.f("uq_pledge_sign_up_id")),
        sa.UniqueConstraint("subscription_id", name=op.f("uq_pledge_subscription_id")),
    )
    with op.batch_alter_table("pledge", schema=None) as batch_op:
        batch_op.create_index("ix_pledge_account_id", ["account_id"], unique=False)
        batch_op.create_index(
            "ix_pledge_started",
            ["started_at", "id"],
            unique=False,
            sqlite_where=sa.text("started_at IS NOT NULL"),
            postgresql_where=sa.text("started_at IS NOT NULL"),
        )
        batch_op.create_index("ix_pledge_state_id", ["state", "id"], unique=False)
        batch_op.create_index(
            "uq_pledge_running",
            ["account_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('active', 'past_due', 'paused')"),
            postgresql_where=sa.text("state IN ('active', 'past_due', 'paused')"),
        )
    op.create_table(
        "pledge_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "pledge_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("cause_key", sa.Text(), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("interval", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["pledge_id"], ["pledge.id"], name=op.f("fk_pledge_change_pledge_id_pledge")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pledge_change")),
        sa.UniqueConstraint("cause_key", name=op.f("uq_pledge_change_cause_key")),
    )
    with op.batch_alter_table("pledge_change", schema=None) as batch_op:
        batch_op.create_index(
            "ix_pledge_change_pledge", ["pledge_id", "effective_at"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("pledge_change", schema=None) as batch_op:
        batch_op.drop_index("ix_pledge_change_pledge")
    op.drop_table("pledge_change")
    with op.batch_alter_table("pledge", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_pledge_running",
            sqlite_where=sa.text("state IN ('active', 'past_due', 'paused')"),
            postgresql_where=sa.text("state IN ('active', 'past_due', 'paused')"),
        )
        batch_op.drop_index("ix_pledge_state_id")
        batch_op.drop_index("ix_pledge_started")
        batch_op.drop_index("ix_pledge_account_id")
    op.drop_table("pledge")
    with op.batch_alter_table("gift", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_gift_standing_until"))
        batch_op.drop_index(batch_op.f("ix_gift_account_id"))
    op.drop_table("gift")
    with op.batch_alter_table("sign_up", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_up_email_key"))
        batch_op.drop_index(batch_op.f("ix_sign_up_created_at"))
        batch_op.drop_index(batch_op.f("ix_sign_up_campaign"))
        batch_op.drop_index(batch_op.f("ix_sign_up_account_id"))
    op.drop_table("sign_up")
    op.drop_table("receipt_book")
    with op.batch_alter_table("receipt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_receipt_account_id"))
    op.drop_table("receipt")
    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seat_ends_at"))
        batch_op.drop_index(batch_op.f("ix_seat_account_id"))
    op.drop_table("seat")
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_consent_given",
            sqlite_where=sa.text("withdrawn_at IS NULL"),
            postgresql_where=sa.text("withdrawn_at IS NULL"),
        )
    op.drop_table("consent")
