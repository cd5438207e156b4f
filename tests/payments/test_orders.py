"""In whatever order, however often and by however many: the same mirror, the same ledger."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from app.core.db import Base, Database
from app.core.settings import Settings
from app.payments import changes, checks, fees, inbox, ledger
from app.payments.gateway import Gateway
from app.payments.models import (
    LedgerEntry,
    LedgerTransaction,
    StripeBalanceTransaction,
    StripeEvent,
    Unclaimed,
)
from app.sandbox import create_sandbox
from app.sandbox.recorded import A, B
from tests.clocks import FixedClock
from tests.contract.middleware import checked, checked_sender
from tests.databases import Databases
from tests.payments.recording import MIRROR, Recording, at, differences, perform, shuffled, told
from tests.payments.till import Till
from tests.rehearsing import NOWHERE, WEBHOOK
from tests.sandbox.inprocess import WsgiClient

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.payments.changes import Change
    from tests.contract.report import Report

pytestmark = pytest.mark.slow
ORDERS, MORE_ORDERS = 200, 2000
COARSE = (0, 0, 1, 60, 3600, 86_400)
Json = dict[str, Any]
Lived = tuple[dict[str, Any], set[tuple[str, str]]]


@pytest.fixture(scope="module")
def recording(contract_report: Report) -> Iterator[Recording]:
    """One year at the sandbox, lived through once for both engines."""
    letters: list[bytes] = []

    def keep(_url: str, _headers: dict[str, str], body: bytes) -> int:
        letters.append(body)
        return 200

    sandbox = create_sandbox(
        ":memory:", sender=checked_sender(keep, contract_report), public_url=NOWHERE
    )
    sandbox.add_endpoint(WEBHOOK, "whsec_test", ["*"])
    clock = FixedClock()
    clock.lead(sandbox)
    settings = Settings(
        app_env="test", secret_key="a key for tests only", site_url="http://localhost",
        stripe_secret_key="sk_test_sandbox", stripe_webhook_secret=("whsec_test",),
        stripe_api_base=NOWHERE,
    )  # fmt: skip
    gateway = Gateway(settings, http_client=WsgiClient(checked(sandbox.wsgi, contract_report)))
    unused = Database("sqlite://")
    perform(Till(sandbox, gateway, clock, unused))
    while sandbox.deliver()["sent"]:
        pass
    yield Recording(sandbox, gateway, [json.loads(letter) for letter in letters], at(sandbox))
    unused.dispose()
    sandbox.close()


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Change]:
    """What upper rooms are told; the rooms themselves are not in the way."""
    changes_told: list[Change] = []

    def listen(_session: Session, told: Sequence[Change]) -> None:
        changes_told.extend(told)

    monkeypatch.setattr(changes, "on_change", [listen])
    return changes_told


@contextmanager
def fresh(databases: Databases, engine_name: str) -> Iterator[Database]:
    with databases.migrated(engine_name) as url:
        db = Database(url)
        yield db
        db.dispose()


def wipe(db: Database) -> None:
    """Forget everything: quicker than a new database for each of hundreds of orders."""
    with db.engine.begin() as connection:
        if db.is_sqlite:
            connection.exec_driver_sql("DROP TRIGGER IF EXISTS ledger_entry_no_delete")
        else:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        models: tuple[type[Base], ...] = (LedgerEntry, LedgerTransaction, StripeEvent, *MIRROR)
        for model in models:
            connection.execute(sa.delete(model))


def feed(db: Database, recording: Recording, events: list[Json]) -> None:
    with db.transaction() as session:
        inbox.take(session, events, recording.now)


def in_order(db: Database, recording: Recording, events: list[Json]) -> dict[str, Any]:
    """What is told when every event is handled alone, as soon as it comes."""
    for event in events:
        feed(db, recording, [event])
        inbox.handle_due(db, recording.gateway, now=recording.now)
    return told(db)


def in_disorder(
    db: Database, recording: Recording, events: list[Json], chance: random.Random
) -> dict[str, Any]:
    """What is told when they come in heaps, and two workers handle them at once."""
    with ThreadPoolExecutor(2) as workers:
        while events:
            heap = chance.randint(1 + len(events) // 4, len(events))
            feed(db, recording, events[:heap])
            events = events[heap:]
            if chance.random() < 0.7 or not events:
                jobs = [workers.submit(_work, db, recording) for _ in range(2)]
                for job in jobs:
                    job.result()
    _work(db, recording)
    return told(db)


def _work(db: Database, recording: Recording) -> None:
    while inbox.handle_due(db, recording.gateway, now=recording.now):
        pass


def test_a_recorded_year_has_all_that_can_happen(recording: Recording) -> None:
    types = {event["type"] for event in recording.events}

    assert types >= {
        "charge.succeeded", "charge.failed", "charge.updated", "charge.refunded",
        "refund.created", "invoice.paid", "invoice.payment_failed", "invoice_payment.paid",
        "checkout.session.completed", "checkout.session.expired",
        "checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed",
        "customer.subscription.created", "customer.subscription.updated",
        "customer.subscription.deleted",
    }  # fmt: skip


def test_both_engines_end_in_the_same_rows(
    databases: Databases, recording: Recording, heard: list[Change]
) -> None:
    ends = []
    for engine in ("sqlite", "postgresql"):
        with fresh(databases, engine) as db:
            ends.append(in_order(db, recording, recording.handled()))

    assert differences(*ends) == []
    assert all(error is None for _, _, error in ends[0]["events"])


@pytest.mark.parametrize("order", [A, B], ids=["A", "B"])
def test_the_recorded_orders_of_a_checkout_end_alike(
    engine_name: str,
    databases: Databases,
    recording: Recording,
    heard: list[Change],
    order: list[str],
) -> None:
    first = recording.events[: _first_checkout(recording)]
    events = sorted(first, key=lambda event: _place(order, event["type"]))
    with fresh(databases, engine_name) as db:
        straight = in_order(db, recording, first)
    with fresh(databases, engine_name) as db:
        arranged = in_order(db, recording, events)

    assert differences(arranged, straight) == []
    assert len(arranged["stripe_subscription"]) == 1
    assert {state for _, state, _ in arranged["events"]} == {"handled", "ignored"}
    assert [fact[0] for fact in arranged["ledger"]] == ["charge", "charge"]


def test_generated_orders_end_in_the_rows_of_the_straight_run(
    engine_name: str,
    databases: Databases,
    recording: Recording,
    heard: list[Change],
    in_full: bool,
) -> None:
    """Each order has some of the year's stories, every tenth has all of them."""
    stories = recording.stories()
    assert len(stories) > 6
    with fresh(databases, engine_name) as db:
        straight = [_lived(db, recording, story, heard) for story in stories]
        for seed in range(MORE_ORDERS if in_full else ORDERS):
            _forget(db, heard)
            chance = random.Random(f"{engine_name}/{seed}")
            number = len(stories) if seed % 10 == 0 else chance.randint(1, 3)
            chosen = chance.sample(range(len(stories)), number)
            events = [event for place in chosen for event in stories[place]]
            reach, coarse = chance.choice((0.02, 0.2, 1.0)), chance.choice(COARSE)
            mixed = shuffled(_by_time(events), chance, reach=reach, coarse=coarse)
            ended = _timeless(in_disorder(db, recording, mixed, chance))

            rows, announced = _together([straight[place] for place in chosen])
            assert differences(ended, rows) == [], f"seed {seed}"
            assert _announced(heard) == announced, f"seed {seed}"


def _lived(db: Database, recording: Recording, story: list[Json], heard: list[Change]) -> Lived:
    """The rows of one story told in its order, and what was announced of it."""
    _forget(db, heard)
    return _timeless(in_order(db, recording, story)), _announced(heard)


def _together(lives: list[Lived]) -> Lived:
    """The rows of several stories: none touches another's."""
    tables = lives[0][0]
    rows = {table: [row for life, _ in lives for row in life[table]] for table in tables}
    return rows, set().union(*(announced for _, announced in lives))


def _forget(db: Database, heard: list[Change]) -> None:
    wipe(db)
    heard.clear()


def _by_time(events: list[Json]) -> list[Json]:
    return sorted(events, key=lambda event: int(event["created"]))


def test_the_ledger_sums_to_the_books_of_the_sandbox(
    engine_name: str, databases: Databases, recording: Recording, heard: list[Change]
) -> None:
    with fresh(databases, engine_name) as db:
        in_order(db, recording, recording.handled())
        fees.collect(db, recording.gateway, now=recording.now)
        with db.reading() as session:
            totals = ledger.totals(session)
            broken = checks.run(session, recording.now)
            theirs = _foreign(session)

    for currency, book in recording.sandbox.books().items():
        mine, foreign = totals[currency.upper()], theirs.get(currency.upper(), (0, 0))
        given = book["charges"] + book["unbooked"] - book["refunds"] - foreign[0]
        assert -mine["patrons"] == given
        assert mine["fees"] == book["fees"] - foreign[1]
        assert mine["stripe"] == given - mine["fees"]
    # Nobody has signed up for this money here: the room that knows people is not in this test.
    assert {name for name, rows in broken.items() if rows} <= {"payments.money_has_an_owner"}


def _foreign(session: Session) -> dict[str, tuple[int, int]]:
    """What others bought on the same account, and its fees, by currency."""
    rows = session.execute(
        sa.select(
            Unclaimed.currency,
            sa.func.sum(Unclaimed.amount),
            sa.func.coalesce(sa.func.sum(StripeBalanceTransaction.fee), 0),
        )
        .outerjoin(
            StripeBalanceTransaction, StripeBalanceTransaction.source_id == Unclaimed.stripe_id
        )
        .where(Unclaimed.type == "charge")
        .group_by(Unclaimed.currency)
    )
    return {str(currency): (int(amount or 0), int(fee)) for currency, amount, fee in rows}


def _announced(heard: list[Change]) -> set[tuple[str, str]]:
    """Every event of what carries our reference; of money, that each piece of it was told of."""
    direct = ("checkout", "subscription", "invoice")
    by_event = {(one.stripe_id, one.event_id) for one in heard if one.kind in direct}
    return by_event | {(one.stripe_id, one.ref) for one in heard if one.kind == "charge"}


def _first_checkout(recording: Recording) -> int:
    types = [event["type"] for event in recording.events]
    return types.index("checkout.session.completed") + 1


def _place(order: list[str], event_type: str) -> int:
    return order.index(event_type) if event_type in order else len(order)


def _timeless(state: dict[str, Any]) -> dict[str, Any]:
    """Without the times of events, which the disorder rounds to whole days at most."""
    rounded = ("applied_created", "first_failed_at", "failed_at", "came_at")
    state["ledger"] = [(*fact[:4], fact[4].date(), *fact[5:]) for fact in state["ledger"]]
    return {
        table: [
            {key: value for key, value in row.items() if key not in rounded}
            if isinstance(row, dict)
            else row
            for row in rows
        ]
        for table, rows in state.items()
    }
