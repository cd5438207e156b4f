"""One change of a pledge at a time: what is asked of Stripe last is what counts.

The request itself, its key and its answer are the business of ``payments.requesting``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.db import Database
from app.payments import requesting
from app.payments.gateway import Gateway, StripeUnavailable
from app.payments.models import StripeRequest
from app.payments.requesting import Action

KEY_LIVES = timedelta(hours=20)  # Stripe forgets a key after 24 hours


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
        is_same = request.action == action and request.params == params
        if is_same and request.created_at > now - KEY_LIVES:
            return request.key
        request.state, request.error, request.finished_at = "refused", "overtaken", now
    key = requesting.new_key()
    requesting.keep(session, action=action, target=target, params=params, now=now, key=key)
    return key


def send(db: Database, gateway: Gateway, key: str, *, now: datetime) -> None:
    """Ask Stripe; raises StripeRefused and StripeUnavailable, after which the same may be asked."""
    try:
        requesting.send(db, gateway, key, now=now)
    except StripeUnavailable as error:
        if error.was_answered:
            with db.transaction() as session:
                mine = sa.update(StripeRequest).where(StripeRequest.key == key)
                session.execute(mine.values(state="refused", error="5xx", finished_at=now))
        raise
