"""Mails that wait, mails that went."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, BigId


class OutboxMessage(Base):
    """One mail to one address. ``dedupe_key`` makes the second request for it none.

    Keys and kinds hold ids, never addresses: they stay when the rest is scrubbed. A mail with a
    secret (a sign-in link) is not sent after ``secret_until`` (wall time), and its words go as
    soon as it went.
    """

    __tablename__ = "outbox_message"
    __table_args__ = (
        sa.CheckConstraint("state IN ('waiting', 'sent', 'failed', 'scrubbed')", name="state"),
        sa.CheckConstraint("state <> 'sent' OR sent_at IS NOT NULL", name="sent"),
        sa.Index("ix_outbox_message_state_id", "state", "id"),
        sa.Index("ix_outbox_message_to_key_id", "to_key", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message_id: Mapped[str] = mapped_column(unique=True)  # the Message-ID header, kept on retries
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]  # "sign_in", "welcome"
    to_address: Mapped[str]
    to_key: Mapped[str]  # the address as it is compared
    language: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str]
    unsubscribe_url: Mapped[str | None]  # only of what a reader may do without, never of receipts
    secret_until: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(default="waiting")
    created_at: Mapped[datetime] = mapped_column(index=True)
    sent_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]

    @property
    def is_awaited(self) -> bool:
        """Whether somebody sits and waits for it: who asks for a link does."""
        return self.secret_until is not None
