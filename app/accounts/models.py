"""People who can sign in, and the ways they did."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, BigId

ROLES = ("admin", "editor", "finance", "viewer")


class Account(Base):
    """A person: one address, one row. An erased one keeps the row and no name."""

    __tablename__ = "account"
    __table_args__ = (
        sa.CheckConstraint("language IN ('en', 'uk')", name="language"),
        sa.CheckConstraint("erased_at IS NULL OR email IS NULL", name="erased"),
        sa.CheckConstraint("(email IS NULL) = (email_key IS NULL)", name="email_pair"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(36), unique=True)
    email: Mapped[str | None]
    email_key: Mapped[str | None] = mapped_column(unique=True)  # core.forms.email_key
    name: Mapped[str | None]
    language: Mapped[str] = mapped_column(sa.String(2))
    created_at: Mapped[datetime] = mapped_column(index=True)
    confirmed_at: Mapped[datetime | None]  # the first sign-in proved that the address is theirs
    suspended_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]


class StaffMember(Base):
    """A person of the newsroom, with one role and a second factor."""

    __tablename__ = "staff_member"
    __table_args__ = (
        sa.CheckConstraint("role IN ('admin', 'editor', 'finance', 'viewer')", name="role"),
    )

    account_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("account.id"), primary_key=True, autoincrement=False
    )
    role: Mapped[str]
    totp_secret: Mapped[str]  # base32
    totp_confirmed_at: Mapped[datetime | None]
    totp_last_step: Mapped[int] = mapped_column(default=0)  # a code works once
    created_at: Mapped[datetime]


class SignInRequest(Base):
    """One mail with a link and a code, 15 minutes, single use. Wall time."""

    __tablename__ = "sign_in_request"
    __table_args__ = (sa.CheckConstraint("tries BETWEEN 0 AND 10", name="tries"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("account.id"), index=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    code_hash: Mapped[str] = mapped_column(sa.String(64))
    browser_hash: Mapped[str] = mapped_column(sa.String(64), index=True)  # the code works there
    next_path: Mapped[str | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)


class LoginSession(Base):
    """One browser that is signed in. Without this row its cookie is worth nothing. Wall time."""

    __tablename__ = "login_session"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    account_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("account.id"), index=True)
    device: Mapped[str]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    second_factor_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
