"""The newsroom, its currencies and texts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "currency_offer",
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("minimum", sa.BigInteger(), nullable=False),
        sa.Column("maximum", sa.BigInteger(), nullable=False),
        sa.Column("coffee", sa.BigInteger(), nullable=False),
        sa.Column("goal", sa.BigInteger(), nullable=True),
        sa.Column("fee_fixed", sa.BigInteger(), nullable=False),
        sa.Column("one_time_minimum", sa.BigInteger(), nullable=False),
        sa.Column(
            "presets", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.CheckConstraint("coffee > 0", name=op.f("ck_currency_offer_coffee")),
        sa.CheckConstraint("currency = upper(currency)", name=op.f("ck_currency_offer_upper")),
        sa.CheckConstraint("fee_fixed >= 0", name=op.f("ck_currency_offer_fee_fixed")),
        sa.CheckConstraint("goal IS NULL OR goal > 0", name=op.f("ck_currency_offer_goal")),
        sa.CheckConstraint(
            "minimum > 0 AND maximum >= minimum", name=op.f("ck_currency_offer_bounds")
        ),
        sa.CheckConstraint("one_time_minimum > 0", name=op.f("ck_currency_offer_one_time_minimum")),
        sa.PrimaryKeyConstraint("currency", name=op.f("pk_currency_offer")),
    )
    op.create_table(
        "newsroom",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reply_to", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("default_language", sa.Text(), nullable=False),
        sa.Column("default_currency", sa.String(length=3), nullable=False),
        sa.Column("reporting_currency", sa.String(length=3), nullable=False),
        sa.Column("default_interval", sa.Text(), nullable=False),
        sa.Column("accent", sa.Text(), nullable=False),
        sa.Column("fee_basis_points", sa.BigInteger(), nullable=False),
        sa.Column("grace_days", sa.BigInteger(), nullable=False),
        sa.Column("one_time_days", sa.BigInteger(), nullable=False),
        sa.Column("late_joiners_vote", sa.Boolean(), nullable=False),
        sa.Column("sign_up_open", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "default_interval IN ('month', 'year', 'once')", name=op.f("ck_newsroom_interval")
        ),
        sa.CheckConstraint("fee_basis_points BETWEEN 0 AND 2000", name=op.f("ck_newsroom_fee")),
        sa.CheckConstraint("grace_days BETWEEN 0 AND 90", name=op.f("ck_newsroom_grace")),
        sa.CheckConstraint("id = 1", name=op.f("ck_newsroom_one")),
        sa.CheckConstraint("length(accent) = 7", name=op.f("ck_newsroom_accent")),
        sa.CheckConstraint("one_time_days BETWEEN 0 AND 3660", name=op.f("ck_newsroom_one_time")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_newsroom")),
    )
    op.create_table(
        "newsroom_text",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", "language", name=op.f("pk_newsroom_text")),
    )


def downgrade() -> None:
    op.drop_table("newsroom_text")
    op.drop_table("newsroom")
    op.drop_table("currency_offer")
