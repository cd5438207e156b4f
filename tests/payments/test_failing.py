"""What happens to events that fail, belong to nobody, or are handled by two at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from app.core.audit import AuditEntry
from app.core.db import Database
from app.payments import changes, handling, locking, replaying
from app.payments.gateway import Gateway, StripeUnavailable
from app.payments.models import (
    LedgerTransaction,
    StripeCharge,
    StripeEvent,
    StripeObject,
    StripeSubscription,
    Unclaimed,
)
from tests.payments.events import make_event
from tests.payments.fixtures_of_handling import heard, known
from tests.payments.till import Till
from tests.payments.told import at, event_of, handle, held, snapshot, tell
from tests.statements import statements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from app.payments.changes import Change
    from tests.clocks import FixedClock

Json = dict[str, Any]
UPDATED = "customer.subscription.updated"


__all__ = ["heard", "known"]  # fixtures


def test_while_stripe_is_silent_events_wait_longer_and_longer(
    till: Till, known: Json, clock: FixedClock
) -> None:
    event = make_event(UPDATED, snapshot(known), created=at(clock()), id="evt_1", api_version=None)
    tell(till, event)
    pauses = []
    for _ in range(4):
        till.sandbox.fault("refuse", requests=10)
        handle(till)
        waiting = event_of(till.db, "evt_1")
        pauses.append((waiting.next_try_at - clock()).total_seconds())
        assert waiting.state == "failed"
        assert waiting.error is not None
        assert "We could not reach Stripe" in waiting.error
        assert handle(till) == 0
        clock.set(waiting.next_try_at)
    till.sandbox.clear_faults()
    handle(till)

    assert pauses == [4, 8, 16, 32]
    assert event_of(till.db, "evt_1").state == "handled"


def test_a_hundred_events_that_stripe_leaves_waiting_are_put_off_together(
    till: Till, known: Json, clock: FixedClock
) -> None:
    counts = []
    for number in (1, 100):
        tell(
            till,
            *(
                make_event(UPDATED, snapshot(known, id=f"sub_{each}"), created=at(clock()),
                           api_version=None)
                for each in range(number)
            ),
        )  # fmt: skip
        till.sandbox.fault("refuse", requests=10)
        with statements(till.db) as seen:
            handle(till)
        counts.append(len(seen))
        till.sandbox.clear_faults()

    assert counts[0] == counts[1]
    assert {state for _, state, _ in till.waiting()} == {"failed"}


def test_one_event_at_fault_does_not_hold_up_the_others(
    till: Till, known: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = till.buy()
    till.fetch()

    def stumble(_session: Session, told: Sequence[Change]) -> None:
        if "evt_bad" in [change.event_id for change in told]:
            raise RuntimeError("a bug upstairs")

    monkeypatch.setattr(changes, "on_change", [stumble])
    bad = make_event(UPDATED, snapshot(known, status="unpaid"), created=at(till.clock()))
    tell(till, bad | {"id": "evt_bad"})
    handle(till)

    assert [state for _, state, _ in till.waiting()] == ["failed"]
    assert event_of(till.db, "evt_bad").error == "RuntimeError: a bug upstairs"
    assert held(till.db, known["id"]).status == "active", "half of it was kept"
    assert held(till.db, other["subscription"]).status == "active"


def test_a_failed_event_is_replayed_by_hand(
    till: Till, known: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(_session: Session, _told: Sequence[Change]) -> None:
        raise RuntimeError("a bug upstairs")

    monkeypatch.setattr(changes, "on_change", [stumble])
    event = make_event(UPDATED, snapshot(known, status="unpaid"), created=at(till.clock()))
    tell(till, event | {"id": "evt_bad"})
    handle(till)
    monkeypatch.setattr(changes, "on_change", [])

    assert replay(till, "evt_bad") == "handled"
    assert held(till.db, known["id"]).status == "unpaid"
    assert replay(till, "evt_no") is None
    with till.db.reading() as session:
        acts = session.execute(sa.select(AuditEntry.action, AuditEntry.subject)).all()
    assert acts == [("event.replayed", "event:evt_bad")]


def test_an_event_without_its_body_is_replayed_by_asking(till: Till, known: Json) -> None:
    with till.db.transaction() as session:
        session.execute(sa.update(StripeEvent).values(body=""))
        session.execute(sa.update(StripeSubscription).values(status="unpaid"))
        wanted = sa.select(StripeEvent.event_id).where(StripeEvent.type == UPDATED)
        event_id = session.scalars(wanted).first() or ""

    replay(till, event_id)

    assert held(till.db, known["id"]).status == "active"


def test_replaying_an_old_event_does_not_bring_old_times_back(till: Till, known: Json) -> None:
    tell(till, make_event(UPDATED, snapshot(known, status="canceled"), created=at(till.clock())))
    handle(till)
    with till.db.reading() as session:
        ids = list(session.scalars(sa.select(StripeEvent.event_id)))
    for event_id in ids:
        replay(till, event_id)

    assert held(till.db, known["id"]).status == "canceled"


def test_what_carries_no_reference_of_ours_counts_nowhere(
    till: Till, db: Database, heard: list[Change]
) -> None:
    client: Any = till.gateway._client
    session = client.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "line_items": [{"quantity": 1, "price_data": {
                "currency": "eur", "unit_amount": 900, "recurring": {"interval": "month"},
                "product_data": {"name": "Another shop's"},
            }}],
            "success_url": "http://localhost/",
        }
    )  # fmt: skip
    till.sandbox.pay(session.id, "4242424242424242", email="shop@example.org")
    till.catch_up()

    with db.reading() as reading:
        kept = {(row.type, row.amount) for row in reading.scalars(sa.select(Unclaimed))}
        booked = reading.scalar(sa.select(sa.func.count()).select_from(LedgerTransaction))
        states = set(reading.scalars(sa.select(StripeEvent.state)))
    assert kept == {("charge", 900), ("subscription", 900)}
    assert booked == 0
    assert states == {"unclaimed", "ignored"}
    assert heard == []


def test_a_charge_stands_apart_until_its_invoice_says_whose_it_is(
    till: Till, db: Database, heard: list[Change]
) -> None:
    till.buy()
    till.fetch()
    with db.transaction() as session:
        late = StripeEvent.type.in_(("invoice.paid", "invoice_payment.paid"))
        session.execute(
            sa.update(StripeEvent).where(late).values(next_try_at=till.clock() + timedelta(hours=1))
        )
    handle(till)

    def state() -> tuple[int, int, int]:
        with db.reading() as session:
            apart = session.scalars(sa.select(Unclaimed)).all()
            ours = session.scalars(
                sa.select(StripeCharge).where(StripeCharge.ref.is_not(None))
            ).all()
            booked = session.scalars(sa.select(LedgerTransaction)).all()
        return len(apart), len(ours), len(booked)

    assert state() == (1, 0, 0)
    heard.clear()
    till.clock.advance(hours=1)
    handle(till)

    assert state() == (0, 1, 1)
    assert till.waiting() == []
    assert "charge" in {change.kind for change in heard}


def test_two_workers_at_once_handle_everything_once(till: Till, db: Database) -> None:
    for _ in range(12):
        till.buy()
    till.fetch()
    with ThreadPoolExecutor(4) as pool:
        for job in [pool.submit(handle, till) for _ in range(4)]:
            job.result()
    while handle(till):
        pass

    with db.reading() as session:
        booked = session.scalar(sa.select(sa.func.count()).select_from(LedgerTransaction))
    assert booked == 12
    assert till.waiting() == []


@pytest.mark.parametrize("engine_name", ["postgresql"])  # SQLite's writer has the whole file
def test_a_second_worker_leaves_the_mirror_to_the_first(till: Till, db: Database) -> None:
    till.buy()
    till.fetch()
    with db.transaction() as session:
        locking.wait(session)
        assert handle(till) == 0

    assert handle(till) > 0
    assert till.waiting() == []


def test_an_idle_worker_takes_no_write_lock(till: Till, db: Database) -> None:
    with db.transaction() as session:
        session.execute(sa.select(StripeObject))  # on SQLite this is the writer

        assert handle(till) == 0


def test_listeners_are_told_in_the_transaction_that_wrote(
    till: Till, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.buy()
    till.fetch()
    booked: list[int] = []

    def listen(session: Session, told: Sequence[Change]) -> None:
        for change in told:
            if change.kind == "charge":
                wanted = sa.select(LedgerTransaction).where(LedgerTransaction.ref == change.ref)
                booked.append(len(session.scalars(wanted).all()))

    monkeypatch.setattr(changes, "on_change", [listen])
    handle(till)

    assert booked == [1]


def test_the_gateway_is_never_called_inside_a_transaction(
    till: Till, known: Json, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    retrieve = gateway.retrieve

    def watched(kind: str, object_id: str, expand: tuple[str, ...] = ()) -> Json | None:
        with till.db.transaction() as session:  # would wait for ever on SQLite's writer
            session.execute(sa.update(StripeObject).values(deleted=False))
        return retrieve(kind, object_id, expand)

    monkeypatch.setattr(gateway, "retrieve", watched)
    tell(till, make_event(UPDATED, snapshot(known), created=at(till.clock()), api_version=None))
    handle(till)

    assert till.waiting() == []


def test_a_silence_of_stripe_is_asked_once_a_round(
    till: Till, known: Json, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def silent(kind: str, object_id: str, expand: tuple[str, ...] = ()) -> Json | None:
        asked.append(object_id)
        raise StripeUnavailable

    monkeypatch.setattr(gateway, "retrieve", silent)
    for number in range(handling.ASKED_AT_ONCE * 3):
        tell(till, make_event("charge.updated", {"id": f"ch_{number}"}, api_version=None))
    handle(till)

    assert len(asked) == 1
    assert {state for _, state, _ in till.waiting()} == {"failed"}, "all of them come again later"


def test_what_a_killed_worker_was_asking_for_is_asked_again_in_seconds(
    till: Till, known: Json, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(kind: str, object_id: str, expand: tuple[str, ...] = ()) -> Json | None:
        raise KeyboardInterrupt

    tell(till, make_event(UPDATED, snapshot(known), created=at(clock()), api_version=None))
    with monkeypatch.context() as patch:
        patch.setattr(till.gateway, "retrieve", die)
        with pytest.raises(KeyboardInterrupt):
            handle(till)
    assert handle(till) == 0, "somebody may still be asking"
    clock.advance(seconds=6)
    handle(till)

    assert till.waiting() == []


def replay(till: Till, event_id: str) -> str | None:
    return replaying.replay(
        till.db, till.gateway, event_id=event_id, actor_id=None, now=till.clock()
    )
