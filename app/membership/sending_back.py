"""Giving back what must not be kept: a second pledge, and what is charged for one that is over.

Every step is a request to Stripe with a key of its own, so it may be killed anywhere and is run
again; what was given back already is left alone.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.db import Database, for_update
from app.membership import asking, deriving, facts
from app.membership.cases import Draft
from app.membership.facts import Facts, Try
from app.membership.models import Pledge
from app.payments import requesting
from app.payments.gateway import Gateway, StripeRefused
from app.payments.models import StripeCharge

OVER = ("canceled", "incomplete_expired")


def send_back(db: Database, gateway: Gateway, *, ref: str, now: datetime) -> None:
    """End the subscription at Stripe, then refund what is not kept; of a gift, all of it.

    Raises the gateway's errors; run again, it goes on where it was.
    """
    with db.transaction() as session:
        key = _keep_end(session, ref, now)
    if key is not None:
        requesting.send(db, gateway, key, now=now)
    with db.reading() as session:
        charges = _not_kept(session, ref)
    for charge_id in charges:
        _refund(db, gateway, ref=ref, charge_id=charge_id, now=now)


def must_not_be(pledge: Draft | Pledge) -> bool:
    """Whether a pledge must not live on at Stripe: a duplicate, or one that is over for good."""
    is_over = pledge.give_back_from is not None or pledge.started_at is None
    return bool(pledge.state == "duplicate" or (pledge.state == "ended" and is_over))


def unwanted(pledge: Draft | Pledge, known: Facts) -> list[Try]:
    """The charges of a pledge that are not kept, oldest first."""
    return [charge for charge in known.paid if deriving.gives_back(pledge, charge.at)]


def _keep_end(session: Session, ref: str, now: datetime) -> str | None:
    pledge = session.scalar(for_update(sa.select(Pledge).where(Pledge.ref == ref)))
    subscription = facts.of(session, ref).subscription
    if pledge is None or not must_not_be(pledge):
        return None
    if subscription is None or subscription.status in OVER:
        return None
    return asking.keep_cancel(session, subscription.id, now=now)


def _not_kept(session: Session, ref: str) -> list[str]:
    pledge = session.scalar(sa.select(Pledge).where(Pledge.ref == ref))
    known = facts.of(session, ref)
    return [charge.id for charge in (known.paid if pledge is None else unwanted(pledge, known))]


def _refund(db: Database, gateway: Gateway, *, ref: str, charge_id: str, now: datetime) -> None:
    with db.transaction() as session:
        _lock(session, ref)
        charge = session.get_one(StripeCharge, charge_id)
        # It may have become the pledge that runs while Stripe was asked for something else.
        if charge_id not in _not_kept(session, ref) or charge.amount_refunded >= charge.amount:
            return
        params = {"charge_id": charge_id, "amount": None, "reason": "duplicate"}
        key = asking.keep(session, action="refund", target=charge_id, params=params, now=now)
    try:
        requesting.send(db, gateway, key, now=now)
    except StripeRefused as error:
        if error.code != "charge_already_refunded":
            raise


def _lock(session: Session, ref: str) -> None:
    session.scalar(for_update(sa.select(Pledge.id).where(Pledge.ref == ref)))
