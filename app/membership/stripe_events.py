"""What Stripe tells, as this room hears it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.membership import settling
from app.payments import inbox
from app.payments.changes import Change

SETTLED = "membership.settled"


@inbox.listens
def settle(session: Session, change: Change) -> None:
    """Settle the sign-up that something was told about.

    Within one transaction the mirror stands still, so a sign-up is settled again only where a
    subscription's own snapshot has something to add to its history, or a checkout a name.
    """
    done: set[str] = session.info.setdefault(SETTLED, set())
    if change.ref in done and change.seen is None and change.kind != "checkout":
        return
    settling.settle(session, change.ref, now=change.now, change=change)
    done.add(change.ref)
