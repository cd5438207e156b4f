"""A mail before a charge that somebody may have forgotten: the second one, and each yearly one."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.core.settings import Settings
from app.membership import emails, linking
from app.membership.models import Pledge
from app.payments.models import StripeCharge

AHEAD = timedelta(days=5)


def due(session: Session, *, now: datetime) -> list[int]:
    """Pledges whose next charge comes within days, and is the second or a yearly one."""
    earlier = (
        sa.select(sa.func.count())
        .where(StripeCharge.ref == Pledge.ref, StripeCharge.status == "succeeded")
        .correlate(Pledge)
        .scalar_subquery()
    )
    soon = Pledge.paid_through.between(now, now + AHEAD)
    rows = sa.select(Pledge.id).where(
        Pledge.state == "active",
        Pledge.cancels_at.is_(None),
        soon,
        sa.or_(Pledge.interval == "year", earlier == 1),
    )
    return list(session.scalars(rows.order_by(Pledge.id)))


def remind(session: Session, *, pledge_id: int, settings: Settings, now: datetime) -> None:
    """Write that a charge comes, once a charge; the link in it stops the pledge before that."""
    pledge = session.get_one(Pledge, pledge_id)
    if pledge.paid_through is None or pledge.cancels_at is not None:
        return
    emails.upcoming(
        session,
        account=session.get_one(Account, pledge.account_id),
        pledge=pledge,
        on_day=pledge.paid_through,
        manage_url=linking.address(settings, pledge.ref),
        now=now,
    )
