"""What Stripe tells, as this room hears it."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy.orm import Session

from app.membership import settling
from app.payments import inbox
from app.payments.changes import Change

HEARD = "membership.heard"


@inbox.listens
def hear(session: Session, change: Change) -> None:
    """Note which sign-up something was told about."""
    session.info.setdefault(HEARD, defaultdict(list))[change.ref].append(change)


@inbox.finishes
def settle(session: Session) -> None:
    """Settle all that was heard of together: a batch tells of hundreds, each in many events."""
    heard: dict[str, list[Change]] = session.info.pop(HEARD, {})
    if heard:
        now = max(change.now for told in heard.values() for change in told)
        settling.settle(session, heard, now=now)
