"""Who counts as a patron, and who may vote: two questions with two lists.

Both are derived from what is true now, never from an event, and never stored.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.membership.models import Gift, Pledge, Seat
from app.newsroom.models import ONLY_ROW, Newsroom

Gained = Callable[[Session, int, datetime], None]
Lost = Callable[[Session, int, str, datetime], None]

# Upper rooms add themselves: called in the transaction in which somebody's standing changed.
on_gained: list[Gained] = []  # (session, account_id, now)
on_lost: list[Lost] = []  # (session, account_id, "refund" or "dispute", now)


def active_patron_ids(session: Session, now: datetime) -> sa.Select[int]:
    """Accounts with a paid recurring pledge that is active, or past due within grace.

    Cancelled but paid up stays until the period ends. Not: pending, paused, gift, one-time only.
    Source: Stripe's glossary.
    """
    late = sa.and_(Pledge.state == "past_due", Pledge.past_due_since > now - _grace(session))
    counts = sa.or_(Pledge.state == "active", late)
    return sa.select(Pledge.account_id).where(Pledge.started_at.is_not(None), counts)


def good_standing_ids(session: Session, now: datetime) -> sa.Select[int]:
    """Accounts that may vote: active patrons, seats that run, one-time gifts within their time.

    A pledge whose newest charge went back gives no right until the next one succeeds. One id may
    come twice. Source: texastribune's rule.
    """
    paying = active_patron_ids(session, now).where(Pledge.returned_at.is_(None))
    seated = sa.select(Seat.account_id).where(Seat.starts_at <= now, Seat.ends_at > now)
    given = sa.select(Gift.account_id).where(Gift.standing_until > now)
    union = sa.union_all(paying, seated, given).subquery("standing")
    return sa.select(union.c.account_id)


def in_good_standing(session: Session, account_id: int, now: datetime) -> bool:
    """Whether this person may vote now."""
    found = good_standing_ids(session, now).subquery()
    mine = sa.select(found.c.account_id).where(found.c.account_id == account_id)
    return session.scalar(mine.limit(1)) is not None


def count_active(session: Session, now: datetime) -> int:
    """How many active patrons there are; the database lets one pledge a person run."""
    ids = active_patron_ids(session, now).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(ids)) or 0


def _grace(session: Session) -> timedelta:
    days = session.scalar(sa.select(Newsroom.grace_days).where(Newsroom.id == ONLY_ROW))
    return timedelta(days=days or 0)
