"""Movements of MRR, and sums."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.counting import (
    drop_sums_of_movements,
    drop_sums_of_revenue,
    sum_movements,
    sum_revenue,
)

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "movement",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("delta", sa.BigInteger(), nullable=False),
        sa.Column("value_after", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('new', 'reactivation', 'expansion', 'contraction', 'churn', 'paused', "
            "'resumed')",
            name=op.f("ck_movement_kind"),
        ),
        sa.CheckConstraint("delta <> 0", name=op.f("ck_movement_delta")),
        sa.CheckConstraint("value_after >= 0", name=op.f("ck_movement_value")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_movement_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_movement")),
        sa.UniqueConstraint(
            "account_id",
            "currency",
            "occurred_at",
            name=op.f("uq_movement_account_id_currency_occurred_at"),
        ),
    )
    with op.batch_alter_table("movement", schema=None) as batch_op:
        batch_op.create_index(
            "ix_movement_currency_occurred", ["currency", "occurred_at"], unique=False
        )
    op.create_table(
        "movement_day",
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("writer", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("moves", sa.BigInteger(), nullable=False),
        sa.Column("delta", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("currency", "day", "kind", "writer", name=op.f("pk_movement_day")),
    )
    sum_movements()
    op.create_table(
        "revenue_hour",
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("writer", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "line IN ('recurring', 'one_time', 'refunds', 'fees')",
            name=op.f("ck_revenue_hour_line"),
        ),
        sa.PrimaryKeyConstraint("currency", "hour", "line", "writer", name=op.f("pk_revenue_hour")),
    )
    sum_revenue()


def downgrade() -> None:
    drop_sums_of_revenue()
    op.drop_table("revenue_hour")
    drop_sums_of_movements()
    op.drop_table("movement_day")
    with op.batch_alter_table("movement", schema=None) as batch_op:
        batch_op.drop_index("ix_movement_currency_occurred")
    op.drop_table("movement")
