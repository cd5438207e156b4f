"""Asking something of Stripe so that it is done once: kept with its key before it is sent.

The same key is sent again after a lost answer, a double click or a crash, so there is one object
at Stripe. What it answers goes into the mirror at once; the event that follows changes nothing.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from app.core.db import Database, insert_once
from app.payments import changes, handling, locking, mirroring
from app.payments.changes import Kind
from app.payments.gateway import Gateway, StripeRefused, StripeUnavailable
from app.payments.models import StripeRequest
from app.payments.projecting import KINDS
from app.payments.sheets import Answer

Action = Literal[
    "refund", "subscription.change_amount", "subscription.stop_at_period_end",
    "subscription.cancel_now",
]  # fmt: skip
METHODS: dict[str, str] = {
    "refund": "refund",
    "subscription.change_amount": "change_amount",
    "subscription.stop_at_period_end": "stop_at_period_end",
    "subscription.cancel_now": "cancel_now",
}
IN_FLIGHT = timedelta(minutes=2)  # a web request is over long before
KEYS_KEPT = timedelta(hours=23)  # Stripe may forget a key after 24 h
SPENT = "Stripe failed, and answers so for this key from now on"
Json = dict[str, Any]
log = structlog.get_logger()


def new_key() -> str:
    """An idempotency key: random, because ids of rows come back after a restore."""
    return secrets.token_hex(16)


def keep(
    session: Session, *, action: Action, target: str, params: Json, now: datetime, key: str
) -> None:
    """Write down what we are about to ask; the same key again is the same request."""
    row = {
        "key": key,
        "action": action,
        "target": target,
        "params": params,
        "state": "open",
        "created_at": now,
    }
    insert_once(session, StripeRequest, row)


def send(db: Database, gateway: Gateway, key: str, *, now: datetime) -> Json:
    """Ask Stripe what was kept under this key, and apply the answer; once it is done, its id.

    Raises StripeRefused (nothing was done) and StripeUnavailable (not known: it stays open and
    is asked again with the same key).
    """
    with db.reading() as session:
        request = session.scalars(sa.select(StripeRequest).where(StripeRequest.key == key)).one()
        newest = handling.newest_known(session)
    if request.state == "done":
        return {"id": request.result_id}
    if request.state == "refused":
        raise StripeRefused(code=request.error or "")
    call = getattr(gateway, METHODS[request.action])
    try:
        found: Json = call(key=key, **request.params)
    except StripeRefused as error:
        _finish(db, key, state="refused", error=error.code or str(error), now=now)
        raise
    except StripeUnavailable as error:
        _finish(db, key, state="open", error=SPENT if error.was_answered else str(error), now=None)
        raise
    _apply(db, gateway, key, found, newest=newest, now=now)
    return found


def finish_open(db: Database, gateway: Gateway, *, now: datetime) -> int:
    """Ask again what a crash or a silence left open; gives how many came to an end.

    Raises StripeUnavailable where Stripe still does not answer.
    """
    left = sa.select(StripeRequest).where(
        StripeRequest.state == "open", StripeRequest.created_at < now - IN_FLIGHT
    )
    with db.reading() as session:
        requests = list(session.scalars(left.order_by(StripeRequest.id)))
    ended = 0
    for request in requests:
        is_spent = request.created_at < now - KEYS_KEPT or request.error == SPENT
        if request.action in METHODS and not is_spent:
            ended += _again(db, gateway, request, now=now)
        elif is_spent:
            _give_up(db, gateway, request, now=now)
            ended += 1
    return ended


def _again(db: Database, gateway: Gateway, request: StripeRequest, *, now: datetime) -> bool:
    try:
        send(db, gateway, request.key, now=now)
    except StripeRefused as error:
        log.warning("a request left open was refused", request=request.id, code=error.code)
    return True


def _give_up(db: Database, gateway: Gateway, request: StripeRequest, *, now: datetime) -> None:
    """Its key says nothing any more: a second try could do it twice, so look whether it was done.

    All but refunds may be asked anew by whoever wanted it, and are the same done twice.
    """
    with db.reading() as session:
        newest = handling.newest_known(session)
    if request.action == "refund":
        for page in gateway.pages("refund", charge=request.target):
            for refund in page:
                if refund["metadata"].get("request") == request.key:
                    _apply(db, gateway, request.key, refund, newest=newest, now=now)
                    return
    _finish(db, request.key, state="refused", error="no answer, and not done", now=now)


def _apply(
    db: Database, gateway: Gateway, key: str, found: Json, *, newest: int, now: datetime
) -> None:
    cause = f"request:{key}"
    answers = {
        str(obj["id"]): Answer(kind, obj["id"], obj, at=now, newest=newest, cause=cause)
        for kind, obj in _objects(found)
    }
    with db.transaction() as session:
        locking.wait(session)
        applied = mirroring.apply(session, answers=answers, now=now)
        _end(session, key, state="done", result_id=found["id"], error=None, finished_at=now)
        changes.tell(session, applied.changes)
    handling.catch_up(db, gateway, answers, now=now)


def _objects(found: Json) -> list[tuple[Kind, Json]]:
    """The answer, and the charge that a refund brings along."""
    objects = [(KINDS[found["object"]], found)]
    if isinstance(found.get("charge"), dict):
        objects.append(("charge", found["charge"]))
    return objects


def _finish(db: Database, key: str, *, state: str, error: str | None, now: datetime | None) -> None:
    with db.transaction() as session:
        _end(session, key, state=state, error=error, finished_at=now)


def _end(session: Session, key: str, **values: object) -> None:
    mine = sa.update(StripeRequest).where(StripeRequest.key == key, StripeRequest.state == "open")
    session.execute(mine.values(**values))
