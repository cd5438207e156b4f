"""Asking something of Stripe so that it is done once: kept with its key before it is sent.

The same key is sent again after a lost answer, a double click or a crash, so there is one object
at Stripe. A key that Stripe answered with 5xx, or may have forgotten, says nothing any more: the
wish is asked again with the key's next step, and a refund is looked for before, since all but
refunds are the same done twice. So what was wanted stays open until Stripe says yes or no.
What it answers goes into the mirror at once; the event that follows changes nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
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
Json = dict[str, Any]
OnRefused = Callable[[Session, StripeRequest, datetime], None]
on_refused: list[OnRefused] = []
log = structlog.get_logger()


def hears_refusals(function: OnRefused) -> OnRefused:
    """Register who tells a person that Stripe said no when their page was closed already.

    It is called in the transaction that ends the request.
    """
    on_refused.append(function)
    return function


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
    is asked again by itself).
    """
    return _send(db, gateway, key, now=now, hearers=())


def finish_open(db: Database, gateway: Gateway, *, now: datetime) -> int:
    """Ask again what a crash, a silence or a 5xx left open; gives how many came to an end.

    Raises StripeUnavailable where Stripe does not answer at all.
    """
    left = sa.select(StripeRequest).where(
        StripeRequest.state == "open", StripeRequest.created_at < now - IN_FLIGHT
    )
    with db.reading() as session:
        requests = list(session.scalars(left.order_by(StripeRequest.id)))
    ended = 0
    for request in requests:
        if request.action in METHODS:
            ended += _again(db, gateway, request, now=now)
        elif request.created_at < now - KEYS_KEPT:
            _finish(db, request.key, state="refused", error="nobody came back for it", now=now)
            ended += 1
    return ended


def _again(db: Database, gateway: Gateway, request: StripeRequest, *, now: datetime) -> bool:
    try:
        _send(db, gateway, request.key, now=now, hearers=on_refused)
    except StripeRefused as error:
        log.warning("a request left open was refused", request=request.id, code=error.code)
    except StripeUnavailable as error:
        if not error.was_answered:
            raise
        return False
    return True


def _send(
    db: Database, gateway: Gateway, key: str, *, now: datetime, hearers: Sequence[OnRefused]
) -> Json:
    request, newest = _fresh(db, key, now=now)
    if request.state == "done":
        return {"id": request.result_id}
    if request.state == "refused":
        raise StripeRefused(code=request.error or "")
    try:
        found = _done_before(gateway, request) or _ask(gateway, request)
    except StripeRefused as error:
        _refuse(db, request, error.code or str(error), hearers=hearers, now=now)
        raise
    except StripeUnavailable as error:
        _finish(db, key, state="open", error=str(error.__cause__ or error)[:500], now=None)
        if error.was_answered:
            _next_step(db, request, now=now)
        raise
    _apply(db, gateway, key, found, newest=newest, now=now)
    return found


def _fresh(db: Database, key: str, *, now: datetime) -> tuple[StripeRequest, int]:
    """The request with a step that Stripe still knows, and the newest event known before."""
    mine = sa.select(StripeRequest).where(StripeRequest.key == key)
    with db.reading() as session:
        request, newest = session.scalars(mine).one(), handling.newest_known(session)
    if request.state == "open" and (request.step_at or request.created_at) < now - KEYS_KEPT:
        _next_step(db, request, now=now)
        with db.reading() as session:
            request = session.scalars(mine).one()
    return request, newest


def _next_step(db: Database, request: StripeRequest, *, now: datetime) -> None:
    """Once, however many have found out that this step is spent: so they ask with one key."""
    mine = sa.update(StripeRequest).where(
        StripeRequest.key == request.key, StripeRequest.step == request.step
    )
    with db.transaction() as session:
        session.execute(mine.values(step=request.step + 1, step_at=now))


def _done_before(gateway: Gateway, request: StripeRequest) -> Json | None:
    """The refund that an earlier step made although Stripe did not say so."""
    if request.action != "refund" or request.step == 0:
        return None
    keys = [_key_of(request, step) for step in range(request.step)]
    for page in gateway.pages("refund", charge=request.target):
        for refund in page:
            if refund["metadata"].get("request") in keys:
                return refund
    return None


def _ask(gateway: Gateway, request: StripeRequest) -> Json:
    call = getattr(gateway, METHODS[request.action])
    found: Json = call(key=_key_of(request, request.step), **request.params)
    return found


def _key_of(request: StripeRequest, step: int) -> str:
    return f"{request.key}-{step}" if step else request.key


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
        changes.tell(session, applied.changes)
        # Last, as who asks has locked what it is about before they overtake what is open.
        _end(session, key, state="done", result_id=found["id"], error=None, finished_at=now)
    handling.catch_up(db, gateway, answers, now=now)


def _objects(found: Json) -> list[tuple[Kind, Json]]:
    """The answer, and the charge that a refund brings along."""
    objects = [(KINDS[found["object"]], found)]
    if isinstance(found.get("charge"), dict):
        objects.append(("charge", found["charge"]))
    return objects


def _refuse(
    db: Database,
    request: StripeRequest,
    error: str,
    *,
    hearers: Sequence[OnRefused],
    now: datetime,
) -> None:
    with db.transaction() as session:
        if _end(session, request.key, state="refused", error=error, finished_at=now):
            for hear in hearers:
                hear(session, request, now)


def _finish(db: Database, key: str, *, state: str, error: str | None, now: datetime | None) -> None:
    with db.transaction() as session:
        _end(session, key, state=state, error=error, finished_at=now)


def _end(session: Session, key: str, **values: object) -> bool:
    """Write down how an open request ended; False where somebody else has seen it end."""
    mine = sa.update(StripeRequest).where(StripeRequest.key == key, StripeRequest.state == "open")
    return session.scalar(mine.values(**values).returning(StripeRequest.id)) is not None
