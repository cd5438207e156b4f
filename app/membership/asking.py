"""One change of a pledge at a time: what is asked of Stripe last is what counts.

The request itself, its key and its answer are the business of ``payments.requesting``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.payments import requesting
from app.payments.models import StripeRequest
from app.payments.requesting import Action


def keep(
    session: Session, *, action: Action, target: str, params: dict[str, Any], now: datetime
) -> str:
    """Write a request down and give its key; the same one without an answer keeps its key.

    The caller holds the lock of what it is about. Others about the same target that have no
    answer yet are overtaken: asked again later, they would undo what is asked now.
    """
    waiting = sa.select(StripeRequest).where(
        StripeRequest.target == target, StripeRequest.state == "open"
    )
    for request in session.scalars(waiting):
        if request.action == action and request.params == params:
            return request.key
        request.state, request.error, request.finished_at = "refused", "overtaken", now
    key = requesting.new_key()
    requesting.keep(session, action=action, target=target, params=params, now=now, key=key)
    return key


def keep_cancel(session: Session, subscription_id: str, *, now: datetime) -> str:
    """The same for a subscription that is to end at once."""
    return keep(
        session,
        action="subscription.cancel_now",
        target=subscription_id,
        params={"subscription_id": subscription_id},
        now=now,
    )
