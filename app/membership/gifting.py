"""Money given once: what came of it, and for how long it gives good standing."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import jobs
from app.membership import standing
from app.membership.models import Gift, SignUp
from app.membership.queries import Facts
from app.newsroom import queries as newsroom
from app.payments.models import StripeCharge


def settle(
    session: Session, sign_up: SignUp, facts: Facts, account_id: int, *, now: datetime
) -> Gift:
    """Bring the gift of a sign-up in line with Stripe."""
    gift = session.scalar(sa.select(Gift).where(Gift.ref == sign_up.ref))
    if gift is None:
        gift = _begin(session, sign_up, account_id)
    before = (gift.state, gift.standing_until)
    _derive(session, gift, facts)
    session.flush()
    if (gift.state, gift.standing_until) != before:
        _tell(session, gift, had=before[1], now=now)
    return gift


def _begin(session: Session, sign_up: SignUp, account_id: int) -> Gift:
    gift = Gift(
        ref=sign_up.ref,
        account_id=account_id,
        sign_up_id=sign_up.id,
        currency=sign_up.currency,
        amount=sign_up.amount,
        fee_cover=sign_up.fee_cover,
        state="pending",
        created_at=sign_up.created_at,
    )
    session.add(gift)
    session.flush()
    return gift


def _derive(session: Session, gift: Gift, facts: Facts) -> None:
    if not facts.paid:
        gift.state = "failed" if facts.has_failed else "pending"
        return
    charge = facts.paid[0]
    gift.paid_at = charge.created
    gift.state = "refunded" if charge.amount_refunded >= charge.amount else "paid"
    if gift.state == "refunded" or not _is_enough(session, gift, charge):
        gift.standing_until = None
    elif gift.standing_until is None:
        gift.standing_until = _standing(session, charge)


def _standing(session: Session, charge: StripeCharge) -> datetime:
    """Counted once, when it is paid: a setting that changes later takes nothing away."""
    days = newsroom.current(session).one_time_days
    return charge.created + timedelta(days=days)


def _is_enough(session: Session, gift: Gift, charge: StripeCharge) -> bool:
    """Whether what was kept of a gift reaches the least that gives good standing."""
    offer = newsroom.offer(session, gift.currency)
    kept = min(gift.amount, charge.amount - charge.amount_refunded)
    return offer is not None and kept >= offer.one_time_minimum


def _tell(session: Session, gift: Gift, *, had: datetime | None, now: datetime) -> None:
    """Let the rooms above know who may vote now, or may no more, and the giver what failed."""
    has = gift.standing_until is not None and gift.standing_until > now
    if has and had is None:
        for gained in standing.on_gained:
            gained(session, gift.account_id, now)
    elif (
        had is not None and not has and not standing.in_good_standing(session, gift.account_id, now)
    ):
        for lost in standing.on_lost:
            lost(session, gift.account_id, "refund", now)
    if gift.state == "failed":
        payload = {"what": "failed", "ref": gift.ref}
        key = f"failed:{gift.ref}"
        jobs.enqueue(session, "membership.tell", now=now, payload=payload, dedupe_key=key)
