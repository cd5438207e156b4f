"""Topics that readers suggest, and rounds in which members choose.

While a round is open a ballot belongs to a person; at closing that link goes for good, and what
stays of the person is on the roll: that they took part.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.core import summing
from app.core.db import Base, BigId, JSONDoc, made_with
from app.topics.triggers import COUNT_THE_ROLL

STATUSES = ("received", "listed", "on_ballot", "won", "reporting", "published", "declined", "hold")
UNPUBLISHED = ("received",)  # nobody but staff and the proposer sees what no editor has read
# The public list stands in this order, so that every engine and every language sorts it alike.
SORTED_ALIKE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


class Topic(Base):
    """Something the newsroom could look into."""

    __tablename__ = "topic"
    __table_args__ = (
        sa.CheckConstraint(
            "status IN ('received', 'listed', 'on_ballot', 'won', 'reporting', 'published', "
            "'declined', 'hold')",
            name="status",
        ),
        sa.CheckConstraint("language IN ('en', 'uk')", name="language"),
        sa.CheckConstraint("status <> 'declined' OR public_note IS NOT NULL", name="declined"),
        sa.CheckConstraint("weeks IS NULL OR weeks BETWEEN 1 AND 104", name="weeks"),
        sa.Index("ix_topic_status_id", "status", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    language: Mapped[str] = mapped_column(sa.String(2))  # of the original
    title: Mapped[str]
    text: Mapped[str]
    original_title: Mapped[str]  # what the reader wrote, whatever staff edited
    original_text: Mapped[str]
    proposer_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("account.id"), index=True)
    proposer_email: Mapped[str | None]  # suggested without an account
    proposer_name: Mapped[str | None]  # shown: "Halyna P."; None is "a reader"
    by_newsroom: Mapped[bool] = mapped_column(default=False)
    article: Mapped[str | None]  # where the reader came from
    form_key: Mapped[str | None] = mapped_column(unique=True)  # a double click is one topic
    hidden: Mapped[bool] = mapped_column(default=False)  # spam or harmful: no page shows it
    status: Mapped[str]
    public_note: Mapped[str | None]  # the reason of a decline, the state of the reporting
    weeks: Mapped[int | None]
    story_url: Mapped[str | None]
    reporter: Mapped[str | None]
    created_at: Mapped[datetime]
    status_at: Mapped[datetime]


class TopicText(Base):
    """A topic in another language than its original."""

    __tablename__ = "topic_text"

    topic_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("topic.id"), primary_key=True)
    language: Mapped[str] = mapped_column(sa.String(2), primary_key=True)
    title: Mapped[str]
    text: Mapped[str]


class TopicStep(Base):
    """A status that a topic reached, and what was said about it."""

    __tablename__ = "topic_step"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    topic_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("topic.id"), index=True)
    status: Mapped[str]
    note: Mapped[str | None]
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("account.id"))


class TopicFollow(Base):
    """A person asked to hear when a topic becomes a story; it stays when the ballots part."""

    __tablename__ = "topic_follow"

    account_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("account.id"), primary_key=True)
    topic_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("topic.id"), primary_key=True, index=True
    )
    # Asked for on this running round's ballot, with which it changes; None once it has closed.
    round_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("round.id"))
    created_at: Mapped[datetime]


class Round(Base):
    """One vote. Options, roll and rule are frozen when it opens."""

    __tablename__ = "round"
    __table_args__ = (
        sa.CheckConstraint("state IN ('draft', 'open', 'closed')", name="state"),
        sa.CheckConstraint("method IN ('approval')", name="method"),
        sa.CheckConstraint("tie_break IN ('suggested_first')", name="tie_break"),
        sa.CheckConstraint("closes_at > opens_at", name="dates"),
        sa.CheckConstraint("state = 'draft' OR opened_at IS NOT NULL", name="opened"),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed"),
        sa.CheckConstraint("state = 'draft' OR NOT scheduled", name="scheduled"),
        sa.CheckConstraint("state = 'draft' OR roll_frozen IS NOT NULL", name="frozen"),
        sa.CheckConstraint(
            "state = 'closed' OR (counted IS NULL AND blank IS NULL AND first_time IS NULL "
            "AND winner_id IS NULL AND chain_end IS NULL AND NOT tie_broken)",
            name="hidden",
        ),
        sa.CheckConstraint(
            "state <> 'closed' OR (counted IS NOT NULL AND blank IS NOT NULL "
            "AND first_time IS NOT NULL AND chain_end IS NOT NULL "
            "AND roll_late IS NOT NULL AND roll_removed IS NOT NULL)",
            name="tallied",
        ),
        sa.Index(
            "uq_round_open", "state", unique=True,
            sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    form_key: Mapped[str | None] = mapped_column(unique=True)  # a double click is one draft
    question: Mapped[dict[str, Any]] = mapped_column(JSONDoc)  # {"en": ..., "uk": ...}
    method: Mapped[str]
    tie_break: Mapped[str]
    late_joiners: Mapped[bool]  # a first charge before closing gives a ballot
    rule: Mapped[dict[str, Any]] = mapped_column(JSONDoc, default=dict)  # as frozen, see opening
    state: Mapped[str]
    scheduled: Mapped[bool] = mapped_column(default=False)  # the draft opens by itself
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    starts_on: Mapped[date | None]  # when the newsroom begins with the winner
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    roll_frozen: Mapped[int | None]  # people on the roll at opening
    roll_late: Mapped[int | None]  # after closing: how many were appended
    roll_removed: Mapped[int | None]  # after closing: how many were taken off
    counted: Mapped[int | None]  # after closing: ballots with a mark
    blank: Mapped[int | None]
    first_time: Mapped[int | None]  # voters who had not voted in an earlier round
    winner_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("topic.id"))
    tie_broken: Mapped[bool] = mapped_column(default=False)
    chain_end: Mapped[str | None] = mapped_column(sa.String(64))


class RoundNotice(Base):
    """A change of a running round's end, told to everyone with its reason."""

    __tablename__ = "round_notice"
    __table_args__ = (sa.CheckConstraint("kind IN ('extended', 'closed_early')", name="kind"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    round_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("round.id"), index=True)
    kind: Mapped[str]
    note: Mapped[dict[str, Any]] = mapped_column(JSONDoc)  # {"en": ..., "uk": ...}
    closed_before: Mapped[datetime]  # the end as it was
    closes_after: Mapped[datetime]
    at: Mapped[datetime]
    actor_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("account.id"))


class RoundOption(Base):
    """A topic on a ballot, in the words it had when the round opened."""

    __tablename__ = "round_option"
    __table_args__ = (
        sa.UniqueConstraint("round_id", "topic_id"),
        sa.UniqueConstraint("id", "round_id"),
        sa.UniqueConstraint("round_id", "place"),
        sa.CheckConstraint("marks IS NULL OR marks >= 0", name="marks"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    round_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("round.id"))
    topic_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("topic.id"), index=True)
    place: Mapped[int | None]  # 1 was suggested first and wins a tie; fixed at opening
    texts: Mapped[dict[str, Any]] = mapped_column(JSONDoc)  # see opening; {} in a draft
    marks: Mapped[int | None]  # written at closing, from the ballots


class RollEntry(Base):
    """A person who may vote in a round, and whether they did."""

    __tablename__ = "roll_entry"
    __table_args__ = (
        sa.CheckConstraint("removed_at IS NULL OR removed_reason IS NOT NULL", name="removed"),
        sa.Index("ix_roll_entry_account_id", "account_id"),
    )

    round_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("round.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("account.id"), primary_key=True)
    added_at: Mapped[datetime]
    late: Mapped[bool]
    voted: Mapped[bool] = mapped_column(default=False)  # when, only the ballot knows
    removed_at: Mapped[datetime | None]  # a refund or dispute before closing
    removed_reason: Mapped[str | None]


class RollCount(Base):
    """How many were appended to a round's roll, taken off it, and have voted; see triggers.

    The sum over ``writer`` counts: 0 on SQLite, on PostgreSQL the connection that wrote.
    """

    __tablename__ = "roll_count"

    round_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("round.id"), primary_key=True)
    writer: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    late: Mapped[int]
    removed: Mapped[int]
    voted: Mapped[int]


made_with(RollEntry.__table__, COUNT_THE_ROLL)  # type: ignore[arg-type]
summing.by_writer(RollCount)


class Ballot(Base):
    """One person's ballot in a round; after closing, nobody's."""

    __tablename__ = "ballot"
    __table_args__ = (
        sa.UniqueConstraint("round_id", "account_id"),
        sa.UniqueConstraint("round_id", "receipt"),
        sa.CheckConstraint("(account_id IS NULL) = (cast_at IS NULL)", name="apart"),
        sa.UniqueConstraint("id", "round_id"),
        sa.ForeignKeyConstraint(
            ["round_id", "account_id"], ["roll_entry.round_id", "roll_entry.account_id"]
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    round_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("round.id"))
    account_id: Mapped[int | None] = mapped_column(BigId)
    receipt: Mapped[str] = mapped_column(SORTED_ALIKE)  # a code that only the voter was shown
    cast_at: Mapped[datetime | None]  # to the hour; goes with the link at closing
    changes: Mapped[int] = mapped_column(default=0)


class BallotMark(Base):
    """A mark on a ballot; only options of the ballot's own round can be marked."""

    __tablename__ = "ballot_mark"
    __table_args__ = (
        sa.ForeignKeyConstraint(["ballot_id", "round_id"], ["ballot.id", "ballot.round_id"]),
        sa.ForeignKeyConstraint(
            ["option_id", "round_id"], ["round_option.id", "round_option.round_id"]
        ),
        sa.Index("ix_ballot_mark_option", "option_id"),
    )

    ballot_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    option_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    round_id: Mapped[int] = mapped_column(BigId)
