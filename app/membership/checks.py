"""The promise about pledges, as SQL: what breaks it, by its id at Stripe."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.membership.models import Pledge
from app.payments.models import StripeSubscription
from app.payments.suspecting import LIVING

SETTLED = timedelta(minutes=15)  # by then a second one was cancelled
MOST = 100


def run(session: Session, now: datetime) -> dict[str, list[str]]:
    """Every check by its name, with what breaks it; at most a hundred each."""
    return {"membership.one_living_subscription": _one_living_subscription(session, now)}


def _one_living_subscription(session: Session, now: datetime) -> list[str]:
    """A3: a person has at most one subscription that lives, whatever we think of its pledge."""
    lives = StripeSubscription.status.in_(LIVING)
    newest = sa.func.max(StripeSubscription.start_date)
    wanted = (
        sa.select(sa.func.max(StripeSubscription.id))
        .join(Pledge, Pledge.subscription_id == StripeSubscription.id)
        .where(lives)
        .group_by(Pledge.account_id)
        .having(sa.func.count() > 1, newest < now - SETTLED)
    )
    return list(session.scalars(wanted.limit(MOST)))
