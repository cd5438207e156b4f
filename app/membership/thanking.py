"""What the page after paying says: what is true at Stripe, whether or not its events have come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from app.core.db import Database
from app.core.money import Money
from app.membership import joining, queries, standing
from app.membership.models import Receipt, SignUp
from app.payments import checkout
from app.payments.gateway import Gateway, StripeUnavailable

UNDECIDED = ("open", "pending")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Paid:
    """What became of a payment.

    ``state``: paid, pending (a method that takes days), failed, expired or open (not finished),
    duplicate (a second pledge: cancelled and given back), waiting (Stripe cannot be asked now).
    """

    state: str
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
    pledge = queries.by_ref(session, sign_up.ref)
    state = sign_up.state
    if pledge is not None and pledge.state == "duplicate":
        state = "duplicate"
    elif state == "open" and is_silent:
        state = "waiting"
    receipt = session.scalar(sa.select(Receipt).where(Receipt.ref == sign_up.ref))
    return Paid(
        state=state,
        interval=sign_up.interval,
        total=Money(sign_up.total, sign_up.currency),
        email=_hint(sign_up.email),
        next_charge=pledge.paid_through if pledge is not None else None,
        receipt=f"{receipt.year}-{receipt.number}" if receipt else None,
        patrons=standing.count_active(session, now),
        again=joining.address_of(joining.wish_of(sign_up)),
    )


def _hint(email: str) -> str:
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}•••@{domain}"
