"""Handling a kept event once more, by hand."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from app.core import audit
from app.core.db import Database
from app.core.i18n import lazy_gettext as _l
from app.payments import handling
from app.payments.gateway import Gateway
from app.payments.models import StripeEvent

audit.named({"event.replayed": _l("Event of Stripe handled again")})


def replay(
    db: Database, gateway: Gateway, *, event_id: str, actor_id: int | None, now: datetime
) -> str | None:
    """Handle one event again, whatever became of it; gives its state now, None if there is none."""
    with db.transaction() as session:
        kept = sa.select(StripeEvent.id).where(StripeEvent.event_id == event_id)
        if session.scalar(kept) is None:
            return None
        audit.record(
            session, actor_id=actor_id, action="event.replayed", subject=f"event:{event_id}",
            now=now,
        )  # fmt: skip
    return handling.replay(db, gateway, event_id, now=now)
