"""Who counts as a patron, and who may vote: two questions with two lists.

Both are derived from what is true now, never from an event, and never stored.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.membership.models import Gift, Pledge, Seat
from app.newsroom.models import ONLY_ROW, Newsroom

Gained = Callable[[Session, Collection[int], datetime], None]
Lost = Callable[[Session, Mapping[int, str], datetime], None]

# Upper rooms add themselves: called in the transaction in which the standing of people changed,
# once for all of them.
on_gained: list[Gained] = []  # (session, account_ids, now)
on_lost: list[Lost] = []  # (session, "refund" or "dispute" by account_id, now)


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
    return bool(_who_may_vote(session, [account_id], now))


def tell(
    session: Session, *, gained: Collection[int], lost: Mapping[int, str], now: datetime
) -> None:
    """Let the rooms above know who may vote now, and who may no more.

    ``lost`` says what took a right, by account; who has another one loses nothing.
    """
    for listener in on_gained if gained else ():
        listener(session, gained, now)
    keep = _who_may_vote(session, lost, now) if lost else ()
    gone = {who: reason for who, reason in lost.items() if who not in keep}
    for told in on_lost if gone else ():
        told(session, gone, now)


def count_active(session: Session, now: datetime) -> int:
    """How many active patrons there are; the database lets one pledge a person run."""
    ids = active_patron_ids(session, now).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(ids)) or 0


def _who_may_vote(session: Session, account_ids: Collection[int], now: datetime) -> set[int]:
    found = good_standing_ids(session, now).subquery()
    mine = sa.select(found.c.account_id).where(found.c.account_id.in_(account_ids))
    return set(session.scalars(mine))


def _grace(session: Session) -> timedelta:
    days = session.scalar(sa.select(Newsroom.grace_days).where(Newsroom.id == ONLY_ROW))
    return timedelta(days=days or 0)
