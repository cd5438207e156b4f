"""Topics, rounds and ballots."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.counting import count_the_roll, drop_count_of_the_roll

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "topic",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("original_title", sa.Text(), nullable=False),
        sa.Column("original_text", sa.Text(), nullable=False),
        sa.Column(
            "proposer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("proposer_email", sa.Text(), nullable=True),
        sa.Column("proposer_name", sa.Text(), nullable=True),
        sa.Column("by_newsroom", sa.Boolean(), nullable=False),
        sa.Column("article", sa.Text(), nullable=True),
        sa.Column("form_key", sa.Text(), nullable=True),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("public_note", sa.Text(), nullable=True),
        sa.Column("weeks", sa.BigInteger(), nullable=True),
        sa.Column("story_url", sa.Text(), nullable=True),
        sa.Column("reporter", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("language IN ('en', 'uk')", name=op.f("ck_topic_language")),
        sa.CheckConstraint(
            "status <> 'declined' OR public_note IS NOT NULL", name=op.f("ck_topic_declined")
        ),
        sa.CheckConstraint(
            "status IN ('received', 'listed', 'on_ballot', 'won', 'reporting', 'published', "
            "'declined', 'hold')",
            name=op.f("ck_topic_status"),
        ),
        sa.CheckConstraint("weeks IS NULL OR weeks BETWEEN 1 AND 104", name=op.f("ck_topic_weeks")),
        sa.ForeignKeyConstraint(
            ["proposer_id"], ["account.id"], name=op.f("fk_topic_proposer_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic")),
        sa.UniqueConstraint("form_key", name=op.f("uq_topic_form_key")),
    )
    with op.batch_alter_table("topic", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_topic_proposer_id"), ["proposer_id"], unique=False)
        batch_op.create_index("ix_topic_status_id", ["status", "id"], unique=False)
    op.create_table(
        "round",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("form_key", sa.Text(), nullable=True),
        sa.Column(
            "question", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("tie_break", sa.Text(), nullable=False),
        sa.Column("late_joiners", sa.Boolean(), nullable=False),
        sa.Column("rule", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("scheduled", sa.Boolean(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("roll_frozen", sa.BigInteger(), nullable=True),
        sa.Column("roll_late", sa.BigInteger(), nullable=True),
        sa.Column("roll_removed", sa.BigInteger(), nullable=True),
        sa.Column("counted", sa.BigInteger(), nullable=True),
        sa.Column("blank", sa.BigInteger(), nullable=True),
        sa.Column("first_time", sa.BigInteger(), nullable=True),
        sa.Column("winner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("tie_broken", sa.Boolean(), nullable=False),
        sa.Column("chain_end", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_round_closed")
        ),
        sa.CheckConstraint("state = 'draft' OR NOT scheduled", name=op.f("ck_round_scheduled")),
        sa.CheckConstraint(
            "state = 'draft' OR roll_frozen IS NOT NULL", name=op.f("ck_round_frozen")
        ),
        sa.CheckConstraint(
            "state = 'closed' OR (counted IS NULL AND blank IS NULL AND first_time IS NULL "
            "AND winner_id IS NULL AND chain_end IS NULL AND NOT tie_broken)",
            name=op.f("ck_round_hidden"),
        ),
        sa.CheckConstraint(
            "state <> 'closed' OR (counted IS NOT NULL AND blank IS NOT NULL "
            "AND first_time IS NOT NULL AND chain_end IS NOT NULL "
            "AND roll_late IS NOT NULL AND roll_removed IS NOT NULL)",
            name=op.f("ck_round_tallied"),
        ),
        sa.CheckConstraint("method IN ('approval')", name=op.f("ck_round_method")),
        sa.CheckConstraint(
            "state = 'draft' OR opened_at IS NOT NULL", name=op.f("ck_round_opened")
        ),
        sa.CheckConstraint("state IN ('draft', 'open', 'closed')", name=op.f("ck_round_state")),
        sa.CheckConstraint("tie_break IN ('suggested_first')", name=op.f("ck_round_tie_break")),
        sa.CheckConstraint("closes_at > opens_at", name=op.f("ck_round_dates")),
        sa.ForeignKeyConstraint(["winner_id"], ["topic.id"], name=op.f("fk_round_winner_id_topic")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round")),
        sa.UniqueConstraint("form_key", name=op.f("uq_round_form_key")),
        sa.UniqueConstraint("number", name=op.f("uq_round_number")),
    )
    with op.batch_alter_table("round", schema=None) as batch_op:
        batch_op.create_index(
            "uq_round_open",
            ["state"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
    op.create_table(
        "topic_follow",
        sa.Column(
            "account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("topic_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("round_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_topic_follow_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_topic_follow_round_id_round")
        ),
        sa.ForeignKeyConstraint(
            ["topic_id"], ["topic.id"], name=op.f("fk_topic_follow_topic_id_topic")
        ),
        sa.PrimaryKeyConstraint("account_id", "topic_id", name=op.f("pk_topic_follow")),
    )
    with op.batch_alter_table("topic_follow", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_topic_follow_topic_id"), ["topic_id"], unique=False)
    op.create_table(
        "topic_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("topic_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["account.id"], name=op.f("fk_topic_step_actor_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["topic_id"], ["topic.id"], name=op.f("fk_topic_step_topic_id_topic")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic_step")),
    )
    with op.batch_alter_table("topic_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_topic_step_topic_id"), ["topic_id"], unique=False)
    op.create_table(
        "topic_text",
        sa.Column("topic_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["topic_id"], ["topic.id"], name=op.f("fk_topic_text_topic_id_topic")
        ),
        sa.PrimaryKeyConstraint("topic_id", "language", name=op.f("pk_topic_text")),
    )
    op.create_table(
        "roll_entry",
        sa.Column("round_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("voted", sa.Boolean(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "removed_at IS NULL OR removed_reason IS NOT NULL", name=op.f("ck_roll_entry_removed")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_roll_entry_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_roll_entry_round_id_round")
        ),
        sa.PrimaryKeyConstraint("round_id", "account_id", name=op.f("pk_roll_entry")),
    )
    with op.batch_alter_table("roll_entry", schema=None) as batch_op:
        batch_op.create_index("ix_roll_entry_account_id", ["account_id"], unique=False)
    op.create_table(
        "round_notice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("round_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("note", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("closed_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('extended', 'closed_early')", name=op.f("ck_round_notice_kind")
        ),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["account.id"], name=op.f("fk_round_notice_actor_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_round_notice_round_id_round")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_notice")),
    )
    with op.batch_alter_table("round_notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_round_notice_round_id"), ["round_id"], unique=False)
    op.create_table(
        "round_option",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("round_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("topic_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=True),
        sa.Column(
            "texts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("marks", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("marks IS NULL OR marks >= 0", name=op.f("ck_round_option_marks")),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_round_option_round_id_round")
        ),
        sa.ForeignKeyConstraint(
            ["topic_id"], ["topic.id"], name=op.f("fk_round_option_topic_id_topic")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_option")),
        sa.UniqueConstraint("id", "round_id", name=op.f("uq_round_option_id_round_id")),
        sa.UniqueConstraint("round_id", "place", name=op.f("uq_round_option_round_id_place")),
        sa.UniqueConstraint("round_id", "topic_id", name=op.f("uq_round_option_round_id_topic_id")),
    )
    with op.batch_alter_table("round_option", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_round_option_topic_id"), ["topic_id"], unique=False)
    op.create_table(
        "ballot",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("round_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column(
            "receipt",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("cast_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(account_id IS NULL) = (cast_at IS NULL)", name=op.f("ck_ballot_apart")
        ),
        sa.ForeignKeyConstraint(
            ["round_id", "account_id"],
            ["roll_entry.round_id", "roll_entry.account_id"],
            name=op.f("fk_ballot_round_id_account_id_roll_entry"),
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_ballot_round_id_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballot")),
        sa.UniqueConstraint("id", "round_id", name=op.f("uq_ballot_id_round_id")),
        sa.UniqueConstraint("round_id", "account_id", name=op.f("uq_ballot_round_id_account_id")),
        sa.UniqueConstraint("round_id", "receipt", name=op.f("uq_ballot_round_id_receipt")),
    )
    op.create_table(
        "ballot_mark",
        sa.Column(
            "ballot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "option_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("round_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["ballot_id", "round_id"],
            ["ballot.id", "ballot.round_id"],
            name=op.f("fk_ballot_mark_ballot_id_round_id_ballot"),
        ),
        sa.ForeignKeyConstraint(
            ["option_id", "round_id"],
            ["round_option.id", "round_option.round_id"],
            name=op.f("fk_ballot_mark_option_id_round_id_round_option"),
        ),
        sa.PrimaryKeyConstraint("ballot_id", "option_id", name=op.f("pk_ballot_mark")),
    )
    with op.batch_alter_table("ballot_mark", schema=None) as batch_op:
        batch_op.create_index("ix_ballot_mark_option", ["option_id"], unique=False)
    op.create_table(
        "roll_count",
        sa.Column("round_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("writer", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("late", sa.BigInteger(), nullable=False),
        sa.Column("removed", sa.BigInteger(), nullable=False),
        sa.Column("voted", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_roll_count_round_id_round")
        ),
        sa.PrimaryKeyConstraint("round_id", "writer", name=op.f("pk_roll_count")),
    )
    count_the_roll()


def downgrade() -> None:
    drop_count_of_the_roll()
    op.drop_table("roll_count")
    with op.batch_alter_table("ballot_mark", schema=None) as batch_op:
        batch_op.drop_index("ix_ballot_mark_option")
    op.drop_table("ballot_mark")
    op.drop_table("ballot")
    with op.batch_alter_table("round_option", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_round_option_topic_id"))
    op.drop_table("round_option")
    with op.batch_alter_table("round_notice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_round_notice_round_id"))
    op.drop_table("round_notice")
    with op.batch_alter_table("roll_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_roll_entry_account_id")
    op.drop_table("roll_entry")
    op.drop_table("topic_text")
    with op.batch_alter_table("topic_step", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_topic_step_topic_id"))
    op.drop_table("topic_step")
    with op.batch_alter_table("topic_follow", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_topic_follow_topic_id"))
    op.drop_table("topic_follow")
    with op.batch_alter_table("round", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_round_open",
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
    op.drop_table("round")
    with op.batch_alter_table("topic", schema=None) as batch_op:
        batch_op.drop_index("ix_topic_status_id")
        batch_op.drop_index(batch_op.f("ix_topic_proposer_id"))
    op.drop_table("topic")
