"""Giving money back, whole or in part, by a person of the newsroom."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import audit
from app.core.db import Database
from app.core.errors import AppError, Conflict, NotFound
from app.core.i18n import lazy_gettext as _l
from app.payments import locking, requesting
from app.payments.gateway import Gateway
from app.payments.models import StripeCharge, StripeRequest

audit.named({"payment.refund_asked": _l("Refund asked for")})


class NotRefundable(AppError):
    status = 422
    title = _l("This cannot be given back")


class AnotherIsOpen(Conflict):
    title = _l("Another refund is under way")
    message = _l(
        "A refund of this payment waits for Stripe’s answer. It is asked again by itself; "
        "look at the payment in a few minutes."
    )


def refund(
    db: Database,
    gateway: Gateway,
    *,
    charge_id: str,
    amount: int | None,
    key: str,
    actor_id: int | None,
    now: datetime,
) -> None:
    """Give back ``amount`` minor units of a charge, or with None all that is left of it.

    ``key`` is made with the form: sent twice it is one refund. Raises NotFound, NotRefundable,
    AnotherIsOpen, StripeRefused, StripeUnavailable (then it is asked again by itself).
    """
    with db.transaction() as session:
        locking.wait(session)
        key = _open(session, charge_id, amount, key) or _begin(
            session, charge_id, amount=amount, key=key, actor_id=actor_id, now=now
        )
    requesting.send(db, gateway, key, now=now)


def left_of(charge: StripeCharge) -> int:
    """What of a charge was not given back yet."""
    return charge.amount - charge.amount_refunded


def _open(session: Session, charge_id: str, amount: int | None, key: str) -> str | None:
    """The key of the same refund, where it was asked before and its answer was lost."""
    mine = sa.select(StripeRequest).where(
        StripeRequest.action == "refund", StripeRequest.target == charge_id
    )
    again = session.scalar(mine.where(StripeRequest.key == key))
    if again is not None:
        return again.key
    waiting = session.scalar(mine.where(StripeRequest.state == "open"))
    if waiting is None:
        return None
    if waiting.params["amount"] != amount:
        raise AnotherIsOpen()
    return waiting.key


def _begin(
    session: Session,
    charge_id: str,
    *,
    amount: int | None,
    key: str,
    actor_id: int | None,
    now: datetime,
) -> str:
    charge = session.get(StripeCharge, charge_id)
    if charge is None or charge.ref is None:
        raise NotFound()
    if charge.status != "succeeded" or left_of(charge) <= 0:
        raise NotRefundable(_l("Nothing of this payment is left to give back."))
    if amount is not None and not 0 < amount <= left_of(charge):
        raise NotRefundable(_l("That is more than is left of this payment."))
    params = {"charge_id": charge_id, "amount": amount}
    requesting.keep(
        session, action="refund", target=charge_id, params=params, now=now, key=key
    )  # fmt: skip
    audit.record(
        session,
        actor_id=actor_id,
        action="payment.refund_asked",
        subject=f"charge:{charge_id}",
        details={"amount": left_of(charge) if amount is None else amount, "request": key},
        now=now,
    )
    return key
