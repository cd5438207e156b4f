"""Money given once: what came of it, and for how long it gives good standing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import jobs
from app.core.statements import OneOf, run
from app.membership import standing
from app.membership.cases import Case
from app.membership.facts import Try
from app.membership.models import Gift
from app.newsroom import queries as newsroom

_GIFTS = sa.select(Gift).where(OneOf(Gift.__table__.c.ref, "refs"))
_BEGIN = sa.insert(Gift)


def settle(session: Session, cases: Sequence[Case], *, now: datetime) -> dict[str, Gift]:
    """Bring the gifts of sign-ups in line with Stripe; gives them by their ref."""
    refs = {"refs": [case.ref for case in cases]}
    gifts = {row.ref: row for row in session.scalars(_GIFTS, refs)}
    new = [_begun(case) for case in cases if case.ref not in gifts]
    if new:
        run(session, _BEGIN, new)
        gifts = {row.ref: row for row in session.scalars(_GIFTS, refs)}
    before = {gift.ref: (gift.state, gift.standing_until) for gift in gifts.values()}
    with session.no_autoflush:
        for case in cases:
            _derive(session, gifts[case.ref], case)
    session.flush()
    late = {
        f"send_back:{charge.id}": {"ref": case.ref}
        for case in cases
        if case.account.erased_at is not None and before[case.ref][0] == "pending"
        for charge in case.facts.paid
    }
    jobs.enqueue_each(session, "membership.send_back", late, now=now)
    changed = [
        gift for gift in gifts.values() if (gift.state, gift.standing_until) != before[gift.ref]
    ]
    _tell(session, changed, had={ref: until for ref, (_, until) in before.items()}, now=now)
    return gifts


def _begun(case: Case) -> dict[str, Any]:
    sign_up = case.sign_up
    return {
        "ref": sign_up.ref,
        "account_id": case.account.id,
        "sign_up_id": sign_up.id,
        "currency": sign_up.currency,
        "amount": sign_up.amount,
        "fee_cover": sign_up.fee_cover,
        "state": "pending",
        "created_at": sign_up.created_at,
    }


def _derive(session: Session, gift: Gift, case: Case) -> None:
    facts = case.facts
    if not facts.paid:
        gift.state = "failed" if facts.has_failed else "pending"
        return
    charge = facts.paid[0]
    is_dated = gift.paid_at == charge.at
    gift.paid_at = charge.at
    gift.state = "refunded" if charge.amount_refunded >= charge.amount else "paid"
    if gift.state == "refunded" or not _is_enough(session, gift, charge):
        gift.standing_until = None
    elif case.account.erased_at is None and (gift.standing_until is None or not is_dated):
        gift.standing_until = _standing(session, charge)


def _standing(session: Session, charge: Try) -> datetime:
    """Counted once, when it is paid: a setting that changes later takes nothing away."""
    days = newsroom.current(session).one_time_days
    return charge.at + timedelta(days=days)


def _is_enough(session: Session, gift: Gift, charge: Try) -> bool:
    """Whether what was kept of a gift reaches the least that gives good standing."""
    offer = newsroom.offer(session, gift.currency)
    kept = min(gift.amount, charge.amount - charge.amount_refunded)
    return offer is not None and kept >= offer.one_time_minimum


def _tell(
    session: Session, changed: Sequence[Gift], *, had: Mapping[str, datetime | None], now: datetime
) -> None:
    """Let the rooms above know who may vote now, or may no more, and the givers what failed."""
    has = {gift.ref for gift in changed if gift.standing_until and gift.standing_until > now}
    gained = [gift.account_id for gift in changed if gift.ref in has and had[gift.ref] is None]
    lost = {gift.account_id: "refund" for gift in changed if gift.ref not in has and had[gift.ref]}
    standing.tell(session, gained=gained, lost=lost, now=now)
    failed = {
        f"failed:{gift.ref}": {"what": "failed", "ref": gift.ref}
        for gift in changed
        if gift.state == "failed"
    }
    jobs.enqueue_each(session, "membership.tell", failed, now=now)
