"""What Stripe tells, as this room hears it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.membership import settling
from app.payments import inbox
from app.payments.changes import Change


@inbox.listens
def settle(session: Session, changes: Sequence[Change]) -> None:
    """Settle every sign-up that something was told of; often it is several events of one."""
    told: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        told[change.ref].append(change)
    settling.settle(session, told, now=max(change.now for change in changes))
