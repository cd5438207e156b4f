"""What the worker and the command line do for this room."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from app.core import jobs
from app.core.db import Database
from app.core.settings import Settings
from app.payments import changes, setup
from app.payments.events import HANDLED, SUBSCRIBED
from app.payments.gateway import API_VERSION, Gateway
from app.payments.jobs import KEEP_BODIES, PURGED_AT_ONCE
from app.payments.models import LedgerTransaction, ReconcileRun, StripeEvent, StripeRequest
from tests.payments.till import Till

if TYPE_CHECKING:
    from tests.clocks import FixedClock


@pytest.fixture(autouse=True)
def _nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "on_change", [])


@pytest.fixture
def do(
    db: Database, gateway: Gateway, settings: Settings, clock: FixedClock
) -> Callable[[str], None]:
    """Let a worker do one kind of job."""
    work = jobs.Work(db, settings, clock, {"gateway": gateway})

    def done(kind: str) -> None:
        with db.transaction() as session:
            jobs.enqueue(session, kind, now=clock())
        jobs.run_due(work)
        with db.reading() as session:
            last = session.scalars(sa.select(jobs.Job).order_by(jobs.Job.id.desc())).first()
        assert last is not None
        assert (last.state, last.error) == ("done", None)

    return done


def test_the_inbox_is_handled_even_where_only_jobs_are_run(
    till: Till, do: Callable[[str], None]
) -> None:
    till.buy()
    till.fetch()
    do("payments.handle_inbox")

    assert till.waiting() == []


def test_fees_and_the_comparison_come_by_themselves(
    till: Till, db: Database, do: Callable[[str], None], clock: FixedClock
) -> None:
    till.buy()
    clock.advance(hours=1)
    do("payments.reconcile")
    do("payments.collect_fees")

    with db.reading() as session:
        kinds = session.scalars(sa.select(LedgerTransaction.kind)).all()
        run = session.scalars(sa.select(ReconcileRun)).one()
    assert sorted(kinds) == ["charge", "fee"]
    assert run.finished_at is not None


def test_raw_events_lose_their_bodies_after_thirty_days_and_figures_do_not_care(
    till: Till, db: Database, do: Callable[[str], None], clock: FixedClock
) -> None:
    till.buy()
    till.catch_up()
    clock.advance(days=KEEP_BODIES.days - 1)
    do("payments.purge")
    assert bodies(db) > 0
    with db.transaction() as session:
        first = sa.select(sa.func.min(StripeEvent.id)).scalar_subquery()
        failing = sa.update(StripeEvent).where(StripeEvent.id == first)
        session.execute(failing.values(state="failed", next_try_at=clock() + timedelta(days=9)))
    clock.advance(days=2)
    do("payments.purge")

    assert bodies(db) == 1, "what is not handled keeps its body"
    with db.reading() as session:
        assert session.scalars(sa.select(LedgerTransaction.kind)).all() == ["charge"]


def test_more_than_one_heap_is_purged(
    till: Till, db: Database, do: Callable[[str], None], clock: FixedClock
) -> None:
    plain = {
        "type": "invoice.upcoming", "created": clock(), "object_id": "", "body": "{}",
        "received_at": clock(), "state": "ignored", "attempts": 0, "next_try_at": clock(),
    }  # fmt: skip
    with db.transaction() as session:
        rows = [plain | {"event_id": f"evt_{number}"} for number in range(PURGED_AT_ONCE + 5)]
        session.execute(sa.insert(StripeEvent), rows)
    clock.advance(days=31)
    do("payments.purge")

    assert bodies(db) == 0


def test_what_a_crash_left_open_is_finished_by_itself(
    db: Database, do: Callable[[str], None], clock: FixedClock
) -> None:
    with db.transaction() as session:
        session.add(StripeRequest(key="k", action="checkout.create", target="a ref", params={},
                                  created_at=clock()))  # fmt: skip
    clock.advance(days=2)
    do("payments.finish_requests")

    with db.reading() as session:
        assert session.scalars(sa.select(StripeRequest.state)).one() == "refused"


def test_setting_up_prints_the_secret_once(till: Till) -> None:
    first = setup.ensure_endpoint(till.gateway, site_url="https://news.example")
    again = setup.ensure_endpoint(till.gateway, site_url="https://news.example")

    assert first[0].endswith("https://news.example/stripe/webhook")
    assert API_VERSION in first[1]
    assert first[-1].startswith("STRIPE_WEBHOOK_SECRET=whsec_")
    assert not any("whsec_" in line for line in again)


def test_all_that_is_handled_is_asked_for() -> None:
    assert set(HANDLED) <= set(SUBSCRIBED)
    assert len(SUBSCRIBED) == len(set(SUBSCRIBED))


def bodies(db: Database) -> int:
    with db.reading() as session:
        kept = sa.select(sa.func.count()).where(StripeEvent.body != "")
        return session.scalar(kept) or 0
