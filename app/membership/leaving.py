"""Stopping a pledge, and taking that back until the paid time is over."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.db import Database, for_update
from app.core.errors import Conflict
from app.core.i18n import lazy_gettext as _l
from app.membership import asking, queries, renewing
from app.membership.models import LIVING, Pledge
from app.membership.sending_back import OVER
from app.payments import requesting
from app.payments.gateway import Gateway

# Nothing is paid up, so there is nothing to wait for; and what is open is not tried again.
UNPAID = ("pending", "past_due", "ended")


class NothingToStop(Conflict):
    message = _l("This pledge has ended already. Nothing is charged any more.")


class NothingToKeep(Conflict):
    message = _l("This pledge was not stopped, or has ended. Look at how it stands.")


def stop(db: Database, gateway: Gateway, *, ref: str, now: datetime) -> None:
    """Let a pledge end with the paid time; one whose charge failed ends at once.

    One that ended for us, and whose charge Stripe still tries, ends there too. Where it ends at
    once, a charge that is on its way goes back when it arrives. Stopping twice changes nothing.
    Raises NothingToStop and the gateway's errors.
    """
    is_unpaid = _is_unpaid(db, gateway, ref)
    with db.transaction() as session:
        pledge = _locked(session, ref)
        if pledge is None or pledge.subscription_id is None or not can_stop(session, pledge):
            raise NothingToStop()
        if pledge.cancels_at is not None:
            return
        subscription_id = pledge.subscription_id
        if is_unpaid or pledge.state in UNPAID:
            pledge.give_back_from = pledge.give_back_from or unpaid_since(session, pledge, now)
            key = asking.keep_cancel(session, subscription_id, now=now)
        else:
            key = _keep_end(session, subscription_id, stop=True, now=now)
    requesting.send(db, gateway, key, now=now)


def keep(db: Database, gateway: Gateway, *, ref: str, now: datetime) -> None:
    """Take a stop back. Raises NothingToKeep and the gateway's errors."""
    with db.transaction() as session:
        pledge = _locked(session, ref)
        if pledge is None or pledge.state not in LIVING or pledge.subscription_id is None:
            raise NothingToKeep()
        if pledge.cancels_at is None:
            return
        key = _keep_end(session, pledge.subscription_id, stop=False, now=now)
    requesting.send(db, gateway, key, now=now)


def can_stop(session: Session, pledge: Pledge) -> bool:
    """Whether something could still be charged for this pledge."""
    return pledge.state in LIVING or is_tried(session, pledge)


def is_tried(session: Session, pledge: Pledge) -> bool:
    """Whether a pledge that ended for us, because grace ran out, lives on at Stripe."""
    subscription = queries.subscription_of(session, pledge)
    return pledge.state == "ended" and subscription is not None and subscription.status not in OVER


def to_stop(session: Session, account_id: int) -> Pledge | None:
    """The pledge that a person can stop."""
    found = queries.last_pledge_of(session, account_id)
    return found if found is not None and can_stop(session, found) else None


def ends_at_once(session: Session, pledge: Pledge) -> bool:
    """Whether stopping ends this pledge today, because no paid time is left."""
    return pledge.state in UNPAID or renewing.due_invoice(session, pledge) is not None


def unpaid_since(session: Session, pledge: Pledge, now: datetime) -> datetime:
    """From when on what is charged pays for time that nobody wants any more."""
    if pledge.started_at is None:
        return pledge.created_at
    subscription = queries.subscription_of(session, pledge)
    if subscription is None or renewing.due_invoice(session, pledge) is None:
        return now
    return subscription.current_period_start


def _is_unpaid(db: Database, gateway: Gateway, ref: str) -> bool:
    """Whether the period that runs is not paid; Stripe is asked, we may not have been told yet.

    Stopped at its end, the invoice of such a period would still be charged.
    """
    with db.reading() as session:
        pledge = queries.by_ref(session, ref)
        invoice_id = renewing.due_invoice(session, pledge) if pledge is not None else None
    invoice = gateway.retrieve("invoice", invoice_id) if invoice_id is not None else None
    return invoice is not None and invoice["status"] in renewing.WAITING


def _keep_end(session: Session, subscription_id: str, *, stop: bool, now: datetime) -> str:
    return asking.keep(
        session,
        action="subscription.stop_at_period_end",
        target=subscription_id,
        params={"subscription_id": subscription_id, "stop": stop},
        now=now,
    )


def _locked(session: Session, ref: str) -> Pledge | None:
    return session.scalar(for_update(sa.select(Pledge).where(Pledge.ref == ref)))
