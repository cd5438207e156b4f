"""A recurring pledge, brought in line with Stripe; and who is told when it changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import jobs
from app.membership import deriving, history, standing
from app.membership.models import LIVING, Pledge, SignUp
from app.membership.queries import Facts
from app.payments.changes import Change


@dataclass(frozen=True, slots=True)
class Before:
    """What a pledge was before it was settled, to see what changed."""

    state: str
    total: int
    interval: str
    cancels_at: datetime | None
    returned_at: datetime | None
    started_at: datetime | None

    @classmethod
    def of(cls, pledge: Pledge) -> Before:
        return cls(
            pledge.state,
            pledge.total,
            pledge.interval,
            pledge.cancels_at,
            pledge.returned_at,
            pledge.started_at,
        )

    @property
    def has_right(self) -> bool:
        """Whether the pledge by itself gives a vote."""
        return self.state in ("active", "past_due") and self.returned_at is None


def settle(
    session: Session,
    sign_up: SignUp,
    facts: Facts,
    account_id: int,
    *,
    now: datetime,
    change: Change | None,
) -> Pledge:
    """Bring the pledge of a sign-up in line with Stripe; the account's row is locked."""
    pledge = session.scalar(sa.select(Pledge).where(Pledge.ref == sign_up.ref))
    if pledge is None:
        pledge = _begin(session, sign_up, account_id)
    before = Before.of(pledge)
    with session.no_autoflush:  # half of a pledge would break the rules of its table
        is_told = _write_history(session, pledge, sign_up, facts, change)
        state = deriving.derive(session, pledge, facts)
        if deriving.lapse(session, pledge, state, now=now):
            state, is_told = "ended", True
        pledge.state = _only_one(session, pledge, state)
    session.flush()
    if is_told or before != Before.of(pledge):
        history.tell(session, account_id)
    _tell_rooms(session, pledge, before, now=now)
    _tell_patron(session, pledge, before, now=now)
    if pledge.state == "duplicate" or (pledge.state == "ended" and pledge.started_at is None):
        _send_back(session, pledge, facts, now=now)
    return pledge


def _begin(session: Session, sign_up: SignUp, account_id: int) -> Pledge:
    """A pledge without rights; if the person has another that lives, this one is a duplicate."""
    pledge = Pledge(
        ref=sign_up.ref,
        account_id=account_id,
        sign_up_id=sign_up.id,
        interval=sign_up.interval,
        currency=sign_up.currency,
        amount=sign_up.amount,
        fee_cover=sign_up.fee_cover,
        state="duplicate" if _has_other(session, account_id, ref=sign_up.ref) else "pending",
        created_at=sign_up.created_at,
        campaign=sign_up.campaign,
        article=sign_up.article,
    )
    session.add(pledge)
    session.flush()
    return pledge


def _write_history(
    session: Session, pledge: Pledge, sign_up: SignUp, facts: Facts, change: Change | None
) -> bool:
    """The start, and the snapshot that was just told; True where either is new."""
    is_new = False
    if facts.paid and pledge.started_at != facts.paid[0].created:
        first = facts.paid[0]
        is_new = history.add(
            session,
            pledge,
            cause_key=f"start:{first.id}",
            effective_at=first.created,
            state="active",
            total=sign_up.total,
            interval=sign_up.interval,
        )
    if change is None or change.seen is None:
        return is_new
    seen = change.seen
    state = deriving.state_of(seen.status, is_paused=seen.is_paused, else_="pending")
    if state == "pending":  # worth nothing yet, and in the first second it may come out of order
        return is_new
    is_end = state == "ended"
    return is_new | history.add(
        session,
        pledge,
        cause_key=f"{'over' if is_end else 'evt'}:{change.event_id}",
        effective_at=(is_end and seen.ended_at) or change.at,
        state=state,
        total=seen.total,
        interval=seen.interval,
        reason=deriving.reason_of(seen.status, seen.cancellation_reason) if is_end else None,
    )


def _only_one(session: Session, pledge: Pledge, state: str) -> str:
    """A pledge that comes to life beside another one is a duplicate, for ever."""
    if pledge.state == "duplicate":
        return "duplicate"
    wakes = state in LIVING and pledge.state not in LIVING
    if wakes and _has_other(session, pledge.account_id, ref=pledge.ref):
        return "duplicate"
    return state


def _has_other(session: Session, account_id: int, *, ref: str) -> bool:
    other = sa.select(Pledge.id).where(Pledge.account_id == account_id, Pledge.ref != ref)
    return session.scalar(other.where(Pledge.state.in_(LIVING))) is not None


def _tell_rooms(session: Session, pledge: Pledge, before: Before, *, now: datetime) -> None:
    """Let the rooms above know who may vote now, and who may no more."""
    after = Before.of(pledge)
    if pledge.state == "duplicate":
        return
    if after.has_right and not before.has_right:
        for gained in standing.on_gained:
            gained(session, pledge.account_id, now)
    reason = _taken(pledge, before)
    if reason and not standing.in_good_standing(session, pledge.account_id, now):
        for lost in standing.on_lost:
            lost(session, pledge.account_id, reason, now)


def _taken(pledge: Pledge, before: Before) -> str | None:
    """What just took a right that was paid for: a refund, a dispute, or nothing."""
    if pledge.state == "ended" != before.state and pledge.end_reason == "dispute":
        return "dispute"
    return "refund" if pledge.returned_at is not None and before.returned_at is None else None


def _tell_patron(session: Session, pledge: Pledge, before: Before, *, now: datetime) -> None:
    """Ask for the mails that follow from what changed."""
    if pledge.state == "duplicate":
        return
    if pledge.state == "ended":
        if pledge.started_at is None and before.state != "ended":
            _ask_for_mail(session, pledge, "failed", "", now)
        return
    if pledge.cancels_at is not None and before.cancels_at != pledge.cancels_at:
        _ask_for_mail(session, pledge, "stopped", pledge.cancels_at.isoformat(), now)
    terms = (pledge.total, pledge.interval)
    if before.started_at is not None and terms != (before.total, before.interval):
        _ask_for_mail(session, pledge, "changed", f"{pledge.total}:{now.isoformat()}", now)


def _ask_for_mail(session: Session, pledge: Pledge, what: str, key: str, now: datetime) -> None:
    payload = {"what": what, "ref": pledge.ref, "key": key}
    dedupe_key = f"{what}:{pledge.ref}:{key}"
    jobs.enqueue(session, "membership.tell", now=now, payload=payload, dedupe_key=dedupe_key)


def _send_back(session: Session, pledge: Pledge, facts: Facts, *, now: datetime) -> None:
    """End at Stripe what must not go on, and give back each charge of it, when they are known."""
    known = [facts.subscription.id] if facts.subscription is not None else []
    for thing in known + [charge.id for charge in facts.paid]:
        key, payload = f"send_back:{thing}", {"ref": pledge.ref}
        jobs.enqueue(session, "membership.send_back", now=now, payload=payload, dedupe_key=key)
