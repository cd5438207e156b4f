"""What Stripe tells, as this room hears it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import jobs
from app.membership import settling
from app.membership.models import LIVING, Pledge
from app.payments import inbox, requesting
from app.payments.changes import Change
from app.payments.models import StripeRequest


@inbox.listens
def settle(session: Session, changes: Sequence[Change]) -> None:
    """Settle every sign-up that something was told of; often it is several events of one."""
    told: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        told[change.ref].append(change)
    settling.settle(session, told, now=max(change.now for change in changes))


@requesting.hears_refusals
def tell_refusal(session: Session, request: StripeRequest, now: datetime) -> None:
    """Who was told that their choice is kept learns that it came to nothing.

    Where their pledge has ended meanwhile, or must not be and is sent back, nothing is left to say.
    """
    wanted = sa.select(Pledge.ref).where(
        Pledge.subscription_id == request.target, Pledge.state.in_(LIVING)
    )
    ref = session.scalar(wanted)
    if ref is not None:
        payload = {
            "ref": ref,
            "key": request.key,
            "wanted": _wanted(request),
            "asked_at": request.created_at.isoformat(),
        }
        key = f"tell_refusal:{request.key}"
        jobs.enqueue(session, "membership.tell_refusal", payload=payload, dedupe_key=key, now=now)


def _wanted(request: StripeRequest) -> str:
    if request.action == "subscription.change_amount":
        return "change"
    return "stop" if request.params.get("stop", True) else "keep"
