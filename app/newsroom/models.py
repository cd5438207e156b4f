"""What the newsroom changes by itself, on a page and not in the environment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, BigId, JSONDoc

ONLY_ROW = 1


class Newsroom(Base):
    """The one row of this installation's newsroom."""

    __tablename__ = "newsroom"
    __table_args__ = (
        sa.CheckConstraint(f"id = {ONLY_ROW}", name="one"),
        sa.CheckConstraint("default_interval IN ('month', 'year', 'once')", name="interval"),
        sa.CheckConstraint("fee_basis_points BETWEEN 0 AND 2000", name="fee"),
        sa.CheckConstraint("grace_days BETWEEN 0 AND 90", name="grace"),
        sa.CheckConstraint("one_time_days BETWEEN 0 AND 3660", name="one_time"),
        sa.CheckConstraint("length(accent) = 7", name="accent"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str]
    reply_to: Mapped[str]  # a person reads this address
    timezone: Mapped[str]  # IANA name; periods of all reports are in it
    default_language: Mapped[str]
    default_currency: Mapped[str] = mapped_column(sa.String(3))
    reporting_currency: Mapped[str] = mapped_column(sa.String(3))
    default_interval: Mapped[str]
    accent: Mapped[str]  # "#0b5563"
    fee_basis_points: Mapped[int]  # the processor's share: 150 is 1.5 %
    grace_days: Mapped[int]  # how long past due still counts
    one_time_days: Mapped[int]  # how long a one-time gift gives good standing
    late_joiners_vote: Mapped[bool]
    sign_up_open: Mapped[bool]
    updated_at: Mapped[datetime]


class CurrencyOffer(Base):
    """One currency a reader may give in. All amounts are minor units of it."""

    __tablename__ = "currency_offer"
    __table_args__ = (
        sa.CheckConstraint("minimum > 0 AND maximum >= minimum", name="bounds"),
        sa.CheckConstraint("coffee > 0", name="coffee"),
        sa.CheckConstraint("goal IS NULL OR goal > 0", name="goal"),
        sa.CheckConstraint("fee_fixed >= 0", name="fee_fixed"),
        sa.CheckConstraint("one_time_minimum > 0", name="one_time_minimum"),
        sa.CheckConstraint("currency = upper(currency)", name="upper"),
    )

    currency: Mapped[str] = mapped_column(sa.String(3), primary_key=True)
    position: Mapped[int]
    minimum: Mapped[int]
    maximum: Mapped[int]
    coffee: Mapped[int]  # what a cup costs where the newsroom is
    goal: Mapped[int | None]  # a month
    fee_fixed: Mapped[int]
    one_time_minimum: Mapped[int]  # a gift of at least this gives good standing
    presets: Mapped[dict[str, Any]] = mapped_column(JSONDoc)  # {"month": [300, 500], "year": ...}


class NewsroomText(Base):
    """A text of the newsroom in one language; Markdown and the HTML made from it when saved."""

    __tablename__ = "newsroom_text"

    key: Mapped[str] = mapped_column(primary_key=True)  # "ask.title", "terms", "ways"
    language: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[str]
    html: Mapped[str]
    updated_at: Mapped[datetime]
