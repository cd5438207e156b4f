"""Who supports us: what was chosen, what came of it, and what may be done with a name.

Amounts are minor units of ``currency`` per interval, without the fee cover unless it says total.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, BigId, JSONDoc
from app.core.money import Money

RUNNING = ("active", "past_due", "paused")
IS_RUNNING = sa.text("state IN ('active', 'past_due', 'paused')")
HAS_STARTED = sa.text("started_at IS NOT NULL")
LIVING = ("pending", *RUNNING)


class SignUp(Base):
    """One sent join form: the choice, kept from before the payment on.

    ``form_key`` is made when the form is rendered, so a double click is one row; the stored
    ``idempotency_key`` makes every retry one Checkout session at Stripe.
    """

    __tablename__ = "sign_up"
    __table_args__ = (
        sa.CheckConstraint("interval IN ('month', 'year', 'once')", name="interval"),
        sa.CheckConstraint("amount > 0 AND fee_cover >= 0", name="amounts"),
        sa.CheckConstraint(
            "state IN ('open', 'pending', 'paid', 'failed', 'expired')", name="state"
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ref: Mapped[str] = mapped_column(sa.String(36), unique=True)  # our metadata at Stripe
    form_key: Mapped[str] = mapped_column(unique=True)
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(index=True)
    account_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("account.id"), index=True)
    language: Mapped[str] = mapped_column(sa.String(2))
    interval: Mapped[str]
    currency: Mapped[str] = mapped_column(sa.String(3))
    amount: Mapped[int]
    fee_cover: Mapped[int]
    consents: Mapped[list[Any]] = mapped_column(JSONDoc)  # ticked, as wording.consent gives them
    campaign: Mapped[str | None] = mapped_column(index=True)
    article: Mapped[str | None]
    referrer: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="open")
    checkout_id: Mapped[str | None] = mapped_column(unique=True)
    checkout_url: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(index=True)
    finished_at: Mapped[datetime | None]

    @property
    def total(self) -> int:
        """What one charge takes."""
        return self.amount + self.fee_cover


class Pledge(Base):
    """A recurring promise. A person has at most one that runs: the database says so.

    Several may be on their way: the first that is paid runs, and the others make way.
    """

    __tablename__ = "pledge"
    __table_args__ = (
        sa.CheckConstraint("interval IN ('month', 'year')", name="interval"),
        sa.CheckConstraint("amount > 0 AND fee_cover >= 0", name="amounts"),
        sa.CheckConstraint(
            "state IN ('pending', 'active', 'past_due', 'paused', 'ended', 'duplicate')",
            name="state",
        ),
        sa.CheckConstraint("state <> 'ended' OR ended_at IS NOT NULL", name="ended"),
        sa.CheckConstraint(
            "state IN ('pending', 'ended', 'duplicate') OR started_at IS NOT NULL", name="started"
        ),
        sa.CheckConstraint(
            "end_reason IS NULL OR end_reason IN ('voluntary', 'involuntary', 'dispute')",
            name="end_reason",
        ),
        sa.Index(
            "uq_pledge_running", "account_id", unique=True,
            sqlite_where=IS_RUNNING, postgresql_where=IS_RUNNING,
        ),
        sa.Index("ix_pledge_account_id", "account_id"),
        sa.Index("ix_pledge_state_id", "state", "id"),
        sa.Index(
            "ix_pledge_started", "started_at", "id",
            sqlite_where=HAS_STARTED, postgresql_where=HAS_STARTED,
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ref: Mapped[str] = mapped_column(sa.String(36), unique=True)
    account_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("account.id"))
    sign_up_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("sign_up.id"), unique=True)
    subscription_id: Mapped[str | None] = mapped_column(unique=True)
    interval: Mapped[str]
    currency: Mapped[str] = mapped_column(sa.String(3))
    amount: Mapped[int]
    fee_cover: Mapped[int]
    wanted_amount: Mapped[int | None]  # asked of Stripe last; how a new total is made up
    wanted_fee_cover: Mapped[int | None]
    state: Mapped[str]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]  # the first charge that succeeded; before it, no rights
    paid_through: Mapped[datetime | None]  # Stripe's period end, never computed by us
    returned_at: Mapped[datetime | None]  # the newest charge went back whole: no rights meanwhile
    past_due_since: Mapped[datetime | None]
    cancels_at: Mapped[datetime | None]  # stopped by the patron; counts until then
    ended_at: Mapped[datetime | None]
    give_back_from: Mapped[datetime | None]  # it stays ended; what is charged from here goes back
    end_reason: Mapped[str | None]  # voluntary, involuntary, dispute
    campaign: Mapped[str | None]
    article: Mapped[str | None]

    @property
    def total(self) -> int:
        """What one charge takes."""
        return self.amount + self.fee_cover

    @property
    def money(self) -> Money:
        """What one charge takes, with its currency."""
        return Money(self.total, self.currency)

    @property
    def cover(self) -> Money:
        """The part of it that is added for the fee."""
        return Money(self.fee_cover, self.currency)


class PledgeChange(Base):
    """What was true of a pledge from a moment on: the history that the numbers are made of.

    One row a cause (an event's id, "grace:…"), so a cause that comes twice is one row, and rows
    may arrive in any order: their meaning is in ``effective_at``.
    """

    __tablename__ = "pledge_change"
    __table_args__ = (sa.Index("ix_pledge_change_pledge", "pledge_id", "effective_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    pledge_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("pledge.id"))
    cause_key: Mapped[str] = mapped_column(unique=True)
    effective_at: Mapped[datetime]
    state: Mapped[str]
    total: Mapped[int]  # minor units an interval, with the fee cover
    interval: Mapped[str]
    reason: Mapped[str | None]  # of an end: voluntary, involuntary, dispute


class Gift(Base):
    """Money given once. It gives good standing for a time where it is large enough."""

    __tablename__ = "gift"
    __table_args__ = (
        sa.CheckConstraint("amount > 0 AND fee_cover >= 0", name="amounts"),
        sa.CheckConstraint("state IN ('pending', 'paid', 'failed', 'refunded')", name="state"),
        sa.CheckConstraint("state <> 'paid' OR paid_at IS NOT NULL", name="paid"),
        sa.CheckConstraint("standing_until IS NULL OR state = 'paid'", name="standing"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ref: Mapped[str] = mapped_column(sa.String(36), unique=True)
    account_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("account.id"), index=True)
    sign_up_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("sign_up.id"), unique=True)
    currency: Mapped[str] = mapped_column(sa.String(3))
    amount: Mapped[int]
    fee_cover: Mapped[int]
    state: Mapped[str]
    created_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    standing_until: Mapped[datetime | None] = mapped_column(index=True)

    @property
    def interval(self) -> str:
        """A gift is given once."""
        return "once"

    @property
    def money(self) -> Money:
        """What was charged, with its currency."""
        return Money(self.amount + self.fee_cover, self.currency)


class Seat(Base):
    """Good standing that is given, not paid by this person: staff's gift, with an end."""

    __tablename__ = "seat"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('gift', 'complimentary', 'solidarity')", name="kind"),
        sa.CheckConstraint("ends_at > starts_at", name="dates"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("account.id"), index=True)
    kind: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)


class Consent(Base):
    """One thing a person allowed, in the words they saw."""

    __tablename__ = "consent"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('know_me', 'on_wall', 'credit_me')", name="kind"),
        sa.CheckConstraint("withdrawn_at IS NULL OR withdrawn_at >= given_at", name="order"),
        sa.Index(
            "uq_consent_given", "account_id", "kind", unique=True,
            sqlite_where=sa.text("withdrawn_at IS NULL"),
            postgresql_where=sa.text("withdrawn_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("account.id"))
    kind: Mapped[str]
    wording: Mapped[str]
    wording_version: Mapped[int]
    language: Mapped[str] = mapped_column(sa.String(2))
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class Receipt(Base):
    """The number of one charge's receipt; within a year numbers have no gaps."""

    __tablename__ = "receipt"
    __table_args__ = (
        sa.UniqueConstraint("year", "number"),
        sa.CheckConstraint("number > 0", name="number"),
        sa.CheckConstraint("fee_cover >= 0", name="fee_cover"),
        sa.CheckConstraint("interval IN ('month', 'year', 'once')", name="interval"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    charge_id: Mapped[str] = mapped_column(unique=True)
    account_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("account.id"), index=True)
    ref: Mapped[str] = mapped_column(sa.String(36))
    year: Mapped[int]  # of the charge, where the newsroom is
    number: Mapped[int]
    interval: Mapped[str]
    fee_cover: Mapped[int]  # the part of the charge that was added for the fee
    issued_at: Mapped[datetime]


class ReceiptBook(Base):
    """The last number given in a year; its row is the lock that keeps numbers without gaps."""

    __tablename__ = "receipt_book"
    __table_args__ = (sa.CheckConstraint("last_number >= 0", name="last_number"),)

    year: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    last_number: Mapped[int]
