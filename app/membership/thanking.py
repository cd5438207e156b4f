"""What the page after paying says: what is true at Stripe, whether or not its events have come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.core.db import Database
from app.core.money import Money
from app.membership import deriving, facts, joining, leaving, queries, renewing, standing
from app.membership.models import Gift, Pledge, Receipt, SignUp
from app.payments import checkout
from app.payments.gateway import Gateway, StripeUnavailable

UNDECIDED = ("open", "pending")
OVER = ("duplicate", "stopped", "ended", "returned", "erased")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Paid:
    """What became of a payment.

    ``state``: paid, pending (a method that takes days), failed, expired or open (not finished),
    waiting (Stripe cannot be asked now). Of what came to an end: duplicate (a second pledge),
    stopped (before it was paid), ended (after that), returned (a gift that went back), erased.
    ``money`` tells of these: back, coming (and goes back then), none, kept, or tried (Stripe still
    asks the bank for a later charge).
    """

    state: str
    money: str
    interval: str
    total: Money
    email: str  # "d•••@example.org": the address of this page may be seen by others
    next_charge: datetime | None
    receipt: str | None
    patrons: int
    again: str


def look(
    db: Database, gateway: Gateway, *, checkout_id: str, may_ask: bool, now: datetime
) -> Paid | None:
    """What to tell about a Checkout session; None where it is none of ours."""
    with db.reading() as session:
        sign_up = joining.by_checkout(session, checkout_id)
    if sign_up is None:
        return None
    is_silent = False
    if sign_up.state in UNDECIDED and may_ask:
        is_silent = not _refresh(db, gateway, checkout_id, now)
    with db.reading() as session:
        sign_up = session.get_one(SignUp, sign_up.id)
        return _paid(session, sign_up, is_silent=is_silent, now=now)


def _refresh(db: Database, gateway: Gateway, checkout_id: str, now: datetime) -> bool:
    """Ask Stripe; where it is silent, the page says so and the events will tell."""
    try:
        checkout.refresh(db, gateway, checkout_id, now)
    except StripeUnavailable:
        log.warning("the page after paying could not ask Stripe", checkout=checkout_id)
        return False
    return True


def _paid(session: Session, sign_up: SignUp, *, is_silent: bool, now: datetime) -> Paid:
    kept = queries.kept(session, sign_up.ref)
    state = _came_to(session, sign_up, kept)
    if state == "open" and is_silent:
        state = "waiting"
    following = renewing.next_charge(session, kept) if isinstance(kept, Pledge) else None
    receipt = session.scalar(sa.select(Receipt).where(Receipt.ref == sign_up.ref))
    return Paid(
        state=state,
        money=_money(session, sign_up.ref, kept) if state in OVER else "kept",
        interval=sign_up.interval,
        total=Money(sign_up.total, sign_up.currency),
        email=_hint(sign_up.email),
        next_charge=following.at if following is not None else None,
        receipt=f"{receipt.year}-{receipt.number}" if receipt else None,
        patrons=standing.count_active(session, now),
        again=joining.address_of(joining.wish_of(sign_up)),
    )


def _came_to(session: Session, sign_up: SignUp, kept: Pledge | Gift | None) -> str:
    """What a sign-up is now; what its person or Stripe did since then is newer than its state."""
    owner = session.get(Account, sign_up.account_id) if sign_up.account_id is not None else None
    if owner is not None and owner.erased_at is not None:
        return "erased"
    if isinstance(kept, Gift):
        return "returned" if kept.state == "refunded" else sign_up.state
    if kept is None or kept.state == "duplicate":
        return sign_up.state if kept is None else "duplicate"
    if kept.started_at is None and kept.give_back_from is not None:
        return "stopped"
    if kept.state == "ended":
        return "failed" if kept.started_at is None else "ended"
    return sign_up.state


def _money(session: Session, ref: str, kept: Pledge | Gift | None) -> str:
    known = facts.of(session, ref)
    if not known.paid:
        return "none" if known.has_failed or not known.is_complete else "coming"
    is_back = isinstance(kept, Pledge) and deriving.gives_back(kept, known.paid[-1].at)
    if is_back or known.returned_at is not None:
        return "back"
    return "tried" if isinstance(kept, Pledge) and leaving.is_tried(session, kept) else "kept"


def _hint(email: str) -> str:
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}•••@{domain}"
