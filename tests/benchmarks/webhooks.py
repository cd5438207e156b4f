"""Webhooks: a first of the month comes in over HTTP, then a worker handles it to the end."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.clock import wall_clock
from app.core.db import Base, Database
from app.core.forms import email_key
from app.membership import stripe_events
from app.membership.models import SignUp
from app.payments import inbox
from app.payments.gateway import Gateway
from app.payments.models import (
    LedgerEntry,
    LedgerTransaction,
    StripeCharge,
    StripeEvent,
    StripeInvoice,
    StripeSubscription,
)
from tests.benchmarks.events import AMOUNT, Life, email_of, ref_of, signed
from tests.benchmarks.handling import working
from tests.benchmarks.loading import Failed, send
from tests.benchmarks.measuring import Figure, Side, figure, in_turns, served
from tests.benchmarks.places import Place, Serving, serving
from tests.benchmarks.requesting import post_json, spread

SIZE = 2000  # events
CONNECTIONS = 8
DOUBLES = 0.05
JOINING_AT_ONCE = 1000
TARGET_IN, TARGET_HANDLED, P99_MS = 0.8, 0.5, 10.0
LISTENING = (stripe_events,)  # who joins becomes a patron, as in production
SUMS = sa.select(LedgerEntry.book, sa.func.sum(LedgerEntry.amount)).group_by(LedgerEntry.book)


def run(place: Place, *, size: int = SIZE, rounds: int = 5, workers: int = 2) -> list[Figure]:
    """Take ``size`` events in and handle them; raises Failed where a row is missing or double."""
    life = Life()
    patrons = max(rounds + 1, size // len(life.renewing))
    urls = _newsrooms(place, life, patrons)
    bodies = [body for number in range(patrons) for body in life.renewed(number)]
    random.Random(1).shuffle(bodies)
    shares = [bodies[number :: rounds + 1] for number in range(rounds + 1)]
    product, floor = (place.environ(url) for url in urls)
    with (
        serving(place, "wsgi:app", product, workers=workers) as above,
        serving(place, "tests.benchmarks.floor:app", floor, workers=workers) as below,
    ):
        taken = in_turns(
            lambda number: _take_in(above, shares[number], number),
            lambda number: _take_in(below, shares[number], number),
            rounds=rounds,
        )
    with working("product", product) as by_us, working("floor", floor) as raw:
        handled = in_turns(
            lambda number: by_us(len(shares[number])),
            lambda number: raw(len(shares[number])),
            rounds=rounds,
        )
    for side, url in zip(("product", "floor"), urls, strict=True):
        check(url, side=side, patrons=patrons, events=len(bodies))
    made = partial(figure, benchmark="webhooks", engine=place.engine, size=len(bodies))
    return [
        made(
            taken,
            work="taken in",
            connections=CONNECTIONS,
            target=TARGET_IN,
            p99_target_ms=P99_MS,
        ),
        made(handled, work="handled", connections=0, target=TARGET_HANDLED),
    ]


def check(url: str, *, side: str, patrons: int, events: int) -> None:
    """Every event once and handled, every renewal mirrored and booked once; raises Failed."""
    db = Database(url)
    with db.reading() as session:
        states = sa.select(StripeEvent.state, sa.func.count()).group_by(StripeEvent.state)
        period = StripeSubscription.current_period_end
        found = {
            "events": _by_name(session, states),
            "invoices": session.scalar(_how_many(StripeInvoice, status="paid")),
            "charges": session.scalar(_how_many(StripeCharge, status="succeeded")),
            "booked": session.scalar(_how_many(LedgerTransaction, kind="charge")),
            "sums": _by_name(session, SUMS),
            "renewed": session.scalar(
                _how_many(StripeSubscription, status="active").where(period > wall_clock())
            ),
        }
    db.dispose()
    paid = 2 * patrons  # at joining and now
    wanted = {
        "events": {"handled": events},
        "invoices": paid,
        "charges": paid,
        "booked": paid,
        "sums": {"patrons": -paid * AMOUNT, "stripe": paid * AMOUNT},
        "renewed": patrons,
    }
    if found != wanted:
        raise Failed(f"webhooks, {side}: found {found} where {wanted} had to be")


def _by_name(session: Session, wanted: Any) -> dict[str, int]:
    return {name: int(number) for name, number in session.execute(wanted)}


def _how_many(model: type[Base], **columns: str) -> Any:
    return sa.select(sa.func.count()).select_from(model).filter_by(**columns)


def _newsrooms(place: Place, life: Life, patrons: int) -> tuple[str, str]:
    """Two databases in which so many patrons have joined; their events are gone."""
    db = Database(place.newsroom("webhooks"))
    gateway = Gateway(place.settings(""))  # there is nothing to ask
    now = wall_clock()
    for start in range(0, patrons, JOINING_AT_ONCE):
        numbers = range(start, min(patrons, start + JOINING_AT_ONCE))
        with db.transaction() as session:
            session.execute(sa.insert(SignUp), [_sign_up(number, now) for number in numbers])
            inbox.take(session, [event for n in numbers for event in life.joined(n)], now)
        while inbox.handle_due(db, gateway, now=now):
            pass
    with db.transaction() as session:
        left = session.scalar(sa.select(StripeEvent.id).where(StripeEvent.state != "handled"))
        if left is not None:
            raise Failed("the patrons of this benchmark could not join")
        session.execute(sa.delete(StripeEvent))
    db.dispose()
    return place.url("webhooks"), place.copy("webhooks", "webhooks_floor")


def _sign_up(number: int, now: datetime) -> dict[str, object]:
    return {
        "ref": ref_of(number),
        "form_key": f"form {number}",
        "idempotency_key": f"key {number}",
        "email": email_of(number),
        "email_key": email_key(email_of(number)),
        "language": "en",
        "interval": "month",
        "currency": "EUR",
        "amount": AMOUNT,
        "fee_cover": 0,
        "consents": [],
        "state": "open",
        "created_at": now - timedelta(days=34),
    }


def _take_in(server: Serving, bodies: Sequence[bytes], seed: int) -> Side:
    """Send each event, and some of them twice, in no order."""
    chance, now = random.Random(seed), wall_clock()
    sent = [*bodies, *chance.sample(bodies, round(len(bodies) * DOUBLES))]
    chance.shuffle(sent)
    letters = [post_json("/stripe/webhook", body, signed(body, now)) for body in sent]
    wanted = spread(letters, CONNECTIONS)
    return served(server, lambda: send(server.port, wanted, status=200))
