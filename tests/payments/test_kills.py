"""kill -9 of the web server and the workers while events pour in: nothing lost, half or double."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from app.accounts.models import Account
from app.core.clock import wall_clock
from app.core.db import Database
from app.core.settings import Settings
from app.membership.models import Pledge, SignUp
from app.newsroom import founding
from app.payments import checks, ledger
from app.payments.events import SUBSCRIBED
from app.payments.gateway import Gateway
from app.payments.models import LedgerTransaction, StripeEvent
from app.sandbox import Server, create_sandbox, serve
from tests.clocks import FixedClock
from tests.contract.middleware import checked
from tests.faults.harness import Request, Sender, Spree, installed
from tests.payments.events import signed
from tests.payments.till import Till
from tests.rehearsing import NOWHERE, WEBHOOK
from tests.sandbox.inprocess import WsgiClient

if TYPE_CHECKING:
    from app.sandbox import WiredSandbox
    from tests.contract.report import Report

pytestmark = pytest.mark.slow
KILLS, MORE_KILLS = 30, 300
PATRONS = 75  # about a thousand events: joining, then a month later renewing
QUIET_SECONDS = 60
PACE, SLOWER = 0.02, 0.5  # seconds between two events of one of four connections
Json = dict[str, Any]


@dataclass(frozen=True)
class Month:
    """What the sandbox told of some patrons in a month, and the sandbox to ask."""

    sandbox: WiredSandbox
    server: Server
    refs: list[str]
    events: list[Json]


@pytest.fixture(scope="module")
def month(contract_report: Report) -> Iterator[Month]:
    letters: list[bytes] = []

    def keep(_url: str, _headers: dict[str, str], body: bytes) -> int:
        letters.append(body)
        return 200

    sandbox = create_sandbox(":memory:", sender=keep, public_url=NOWHERE)
    sandbox.add_endpoint(WEBHOOK, "whsec_test", list(SUBSCRIBED))
    clock = FixedClock(datetime(2026, 3, 3, 9, 0, tzinfo=UTC))
    clock.lead(sandbox)
    unused = Database("sqlite://")
    till = Till(sandbox, Gateway(_settings("sqlite://", NOWHERE),
                                 http_client=WsgiClient(sandbox.wsgi)), clock, unused)  # fmt: skip
    refs = [till.buy(total=500)["ref"] for _ in range(PATRONS)]
    clock.advance(days=32)
    while sandbox.deliver()["sent"]:
        pass
    server = serve(sandbox, app=checked(sandbox.wsgi, contract_report))
    yield Month(sandbox, server, refs, [json.loads(letter) for letter in letters])
    server.stop()
    unused.dispose()
    sandbox.close()


def _settings(database: str, stripe: str) -> Settings:
    return Settings(
        app_env="test", database_url=database, secret_key="a key for tests only",
        site_url="http://localhost", stripe_secret_key="sk_test_sandbox",
        stripe_webhook_secret=("whsec_test",), stripe_api_base=stripe, log_level="ERROR",
    )  # fmt: skip


@pytest.fixture
def patrons(db: Database, month: Month) -> Database:
    """A newsroom in which everybody has sent the form, and no event has come."""
    with db.transaction() as session:
        founding.found(session, now=wall_clock())
        for number, ref in enumerate(month.refs):
            email = f"patron{number}@example.org"
            session.add(
                SignUp(
                    ref=ref, form_key=f"form-{number}", idempotency_key=f"key-{number}",
                    email=email, email_key=email, language="en", interval="month", currency="EUR",
                    amount=500, fee_cover=0, consents=[], created_at=wall_clock(),
                )
            )  # fmt: skip
    return db


def request_of(event: Json) -> Request:
    body = json.dumps(event).encode()
    return "/stripe/webhook", body, {"Stripe-Signature": signed(body)}


def disorderly(events: list[Json], chance: random.Random) -> list[tuple[str, Request]]:
    """Every event at least once, one in ten twice, not far from its place."""
    twice = [event for event in events if chance.random() < 0.1]
    keyed = [(place + chance.uniform(0, 60), event) for place, event in enumerate(events + twice)]
    ordered = sorted(keyed, key=lambda entry: entry[0])
    return [(event["id"], request_of(event)) for _, event in ordered]


def test_nothing_is_lost_half_or_double_when_processes_are_killed(
    patrons: Database, month: Month, database: str, in_full: bool, engine_name: str
) -> None:
    chance = random.Random(f"kills/{engine_name}")
    settings = _settings(database, month.server.url)

    def look() -> None:
        """The promises that hold at every instant, and that what was confirmed is there."""
        confirmed = sender.confirmed
        with patrons.reading() as session:
            kept = set(session.scalars(sa.select(StripeEvent.event_id)))
            broken = checks.run(session, wall_clock())
        assert {name: rows for name, rows in broken.items() if rows} == {}
        assert confirmed <= kept

    with installed(settings) as installation:
        sender = Sender(installation.port)
        spree = Spree(installation, MORE_KILLS if in_full else KILLS, look, chance)
        pace = SLOWER if in_full else PACE
        with sender.sending(disorderly(month.events, chance), pace=pace):
            spree.run()
        _wait_until_quiet(patrons)

    assert set(spree.killed) == {"web", "worker-1", "worker-2"}
    assert sender.confirmed == {event["id"] for event in month.events}
    _all_is_there_once(patrons, month)


def _wait_until_quiet(db: Database) -> None:
    deadline = time.monotonic() + QUIET_SECONDS
    waiting = sa.select(sa.func.count()).where(StripeEvent.state.in_(("new", "failed")))
    while True:
        with db.reading() as session:
            if session.scalar(waiting) == 0:
                return
        assert time.monotonic() < deadline, "events wait for ever"
        time.sleep(0.1)


def _all_is_there_once(db: Database, month: Month) -> None:
    with db.reading() as session:
        later = wall_clock() + timedelta(hours=1)
        broken = {name: rows for name, rows in checks.run(session, later).items() if rows}
        kept = session.scalars(sa.select(StripeEvent.event_id)).all()
        booked = session.scalars(
            sa.select(LedgerTransaction.source_id).where(LedgerTransaction.kind == "charge")
        ).all()
        totals = ledger.totals(session)["EUR"]
        pledges = session.scalars(sa.select(Pledge.state)).all()
        people = session.scalar(sa.select(sa.func.count()).select_from(Account))
    book = month.sandbox.books()["eur"]
    assert broken == {}
    assert sorted(kept) == sorted({event["id"] for event in month.events})
    assert len(booked) == 2 * PATRONS
    assert -totals["patrons"] == book["charges"] + book["unbooked"] - book["refunds"]
    assert pledges == ["active"] * PATRONS
    assert people == PATRONS
