"""Asking Stripe for something: kept first, done once, finished after a crash."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from app.core.audit import AuditEntry
from app.core.db import Database
from app.core.errors import NotFound
from app.payments import changes, inbox, ledger, refunding, requesting
from app.payments.gateway import StripeRefused, StripeUnavailable
from app.payments.models import StripeCharge, StripeRefund, StripeRequest, StripeSubscription
from app.payments.refunding import AnotherIsOpen, NotRefundable
from app.sandbox.serving import WebApp
from tests.payments.events import make_event
from tests.payments.rows import charge
from tests.payments.till import Till

if TYPE_CHECKING:
    from tests.clocks import FixedClock


@pytest.fixture(autouse=True)
def _nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "on_change", [])


@pytest.fixture
def paid(till: Till, db: Database) -> str:
    """A charge of 20 EUR, once, that is ours."""
    till.buy(interval=None, total=2000)
    till.clock.advance(minutes=1)
    till.catch_up()
    with db.reading() as session:
        return session.scalars(sa.select(StripeCharge.id)).one()


def refund(till: Till, charge_id: str, amount: int | None = None, key: str = "form-1") -> None:
    refunding.refund(
        till.db, till.gateway, charge_id=charge_id, amount=amount, key=key, actor_id=None,
        now=till.clock(),
    )  # fmt: skip


def refunds(till: Till) -> int:
    """How many Stripe has."""
    return sum(len(page) for page in till.gateway.pages("refund"))


def request(db: Database) -> StripeRequest:
    with db.reading() as session:
        return session.scalars(sa.select(StripeRequest)).one()


def given_back(db: Database) -> int:
    with db.reading() as session:
        held = ledger.totals(session)["EUR"]
        return 2000 + held["patrons"]


def test_a_refund_is_true_at_once_and_booked_once(till: Till, db: Database, paid: str) -> None:
    refund(till, paid, 500)

    assert given_back(db) == 500
    till.catch_up()
    assert given_back(db) == 500
    with db.reading() as session:
        assert session.get_one(StripeCharge, paid).amount_refunded == 500
        assert session.scalars(sa.select(AuditEntry)).one().action == "payment.refund_asked"
    assert request(db).state == "done"


def test_without_an_amount_all_that_is_left_goes_back(till: Till, db: Database, paid: str) -> None:
    refund(till, paid, 500)
    refund(till, paid, key="form-2")

    assert given_back(db) == 2000


def test_one_form_sent_twice_is_one_refund(till: Till, db: Database, paid: str) -> None:
    """Who comes while Stripe answers another is told that the choice is kept."""
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(refund, till, paid, 500) for _ in range(4)]
    failed = [job.exception() for job in jobs if job.exception() is not None]

    assert len(failed) < len(jobs)
    assert all(isinstance(error, StripeUnavailable) for error in failed)
    assert refunds(till) == 1
    assert given_back(db) == 500


@pytest.mark.parametrize("amount", [0, -1, 2001])
def test_more_than_is_left_is_refused_before_stripe_is_asked(
    till: Till, paid: str, amount: int
) -> None:
    with pytest.raises(NotRefundable):
        refund(till, paid, amount)
    assert refunds(till) == 0


def test_what_is_not_there_not_ours_or_not_paid_is_refused(
    till: Till, db: Database, paid: str
) -> None:
    with db.transaction() as session:
        session.add_all([charge("ch_foreign", ref=None), charge("ch_failed", status="failed")])

    for charge_id, error in (
        ("ch_no", NotFound), ("ch_foreign", NotFound), ("ch_failed", NotRefundable)
    ):  # fmt: skip
        with pytest.raises(error):
            refund(till, charge_id)


def test_when_the_answer_is_lost_the_next_try_is_the_same_refund(
    till: Till, db: Database, paid: str
) -> None:
    till.sandbox.fault("cut_after_execution", path="/v1/refunds", requests=9)
    with pytest.raises(StripeUnavailable):
        refund(till, paid, 500)
    till.sandbox.clear_faults()
    assert request(db).state == "open"

    with pytest.raises(AnotherIsOpen):
        refund(till, paid, 700, key="form-2")
    refund(till, paid, 500, key="form-2")

    assert refunds(till) == 1
    assert given_back(db) == 500


def test_a_request_that_a_crash_left_open_is_finished_with_its_key(
    till: Till, db: Database, paid: str, clock: FixedClock
) -> None:
    till.sandbox.fault("cut_after_execution", path="/v1/refunds", requests=9)
    with pytest.raises(StripeUnavailable):
        refund(till, paid, 500)
    till.sandbox.clear_faults()

    assert requesting.finish_open(db, till.gateway, now=clock()) == 0, "it may be in flight"
    clock.advance(minutes=5)
    assert requesting.finish_open(db, till.gateway, now=clock()) == 1

    assert request(db).state == "done"
    assert refunds(till) == 1
    assert given_back(db) == 500


def test_a_request_that_never_left_is_sent_after_the_crash(
    till: Till, db: Database, clock: FixedClock
) -> None:
    subscription_id = till.buy()["subscription"]
    till.catch_up()
    with db.transaction() as session:
        requesting.keep(
            session,
            action="subscription.stop_at_period_end",
            target=subscription_id,
            params={"subscription_id": subscription_id, "stop": True},
            now=clock(),
            key=requesting.new_key(),
        )
    clock.advance(minutes=5)
    requesting.finish_open(db, till.gateway, now=clock())

    with db.reading() as session:
        assert session.get_one(StripeSubscription, subscription_id).cancel_at_period_end
    assert request(db).state == "done"


@pytest.mark.parametrize("was_done", [True, False])
def test_a_refund_too_old_for_its_key_is_looked_for_and_made_once(
    till: Till, db: Database, paid: str, clock: FixedClock, *, was_done: bool
) -> None:
    kind = "cut_after_execution" if was_done else "refuse"
    till.sandbox.fault(kind, path="/v1/refunds", requests=9)
    with pytest.raises(StripeUnavailable):
        refund(till, paid, 500)
    till.sandbox.clear_faults()
    clock.advance(hours=25)

    requesting.finish_open(db, till.gateway, now=clock())

    assert request(db).state == "done"
    assert refunds(till) == 1
    assert given_back(db) == 500


@pytest.mark.parametrize("kind", ["500", "503", "500_stored"])
def test_a_refund_that_stripe_answered_with_its_failure_is_asked_again_with_another_key(
    till: Till, db: Database, paid: str, clock: FixedClock, kind: str
) -> None:
    till.sandbox.fault(kind, path="/v1/refunds", method="POST", requests=2)
    with pytest.raises(StripeUnavailable):
        refund(till, paid, 500)
    till.sandbox.clear_faults()
    assert request(db).state == "open"
    clock.advance(minutes=5)

    assert requesting.finish_open(db, till.gateway, now=clock()) == 1
    refund(till, paid, 500)

    assert request(db).state == "done"
    assert refunds(till) == 1
    assert given_back(db) == 500


def test_a_refund_that_stripe_made_and_denied_is_found_and_not_made_again(
    till: Till, db: Database, paid: str, clock: FixedClock
) -> None:
    till.sandbox.fault("cut_after_execution", path="/v1/refunds", requests=9)
    with pytest.raises(StripeUnavailable):
        refund(till, paid, 500)
    till.sandbox.clear_faults()
    till.sandbox.fault("503", path="/v1/refunds", method="POST", requests=2)
    clock.advance(minutes=5)
    assert requesting.finish_open(db, till.gateway, now=clock()) == 0
    till.sandbox.clear_faults()

    assert requesting.finish_open(db, till.gateway, now=clock()) == 1

    assert refunds(till) == 1
    assert given_back(db) == 500


def test_one_request_that_stripe_fails_does_not_keep_the_next_from_its_answer(
    till: Till, db: Database, paid: str, clock: FixedClock
) -> None:
    subscription_id = till.buy()["subscription"]
    till.catch_up()
    till.sandbox.fault("503", path="/v1/refunds", method="POST", requests=99)
    with pytest.raises(StripeUnavailable):
        refund(till, paid, 500)
    stop = {"subscription_id": subscription_id, "stop": True}
    with db.transaction() as session:
        requesting.keep(
            session, action="subscription.stop_at_period_end", target=subscription_id,
            params=stop, now=clock(), key=requesting.new_key(),
        )  # fmt: skip
    clock.advance(minutes=5)

    assert requesting.finish_open(db, till.gateway, now=clock()) == 1

    with db.reading() as session:
        assert session.get_one(StripeSubscription, subscription_id).cancel_at_period_end


@pytest.mark.sends_wrong_requests
def test_what_stripe_refuses_is_refused_for_good(till: Till, db: Database, paid: str) -> None:
    with db.transaction() as session:
        session.execute(sa.update(StripeCharge).values(amount=3000))
    with pytest.raises(StripeRefused):
        refund(till, paid, 2500)

    assert request(db).state == "refused"
    with pytest.raises(StripeRefused):
        refund(till, paid, 2500)


def test_a_refund_that_fails_at_the_bank_is_booked_back(
    till: Till, db: Database, paid: str
) -> None:
    refund(till, paid, 500)
    with db.reading() as session:
        refund_id = session.scalars(sa.select(StripeRefund.id)).one()
    found: Any = till.gateway.retrieve("refund", refund_id)
    later = int((till.clock() + timedelta(days=2)).timestamp())
    event = make_event("refund.failed", found | {"status": "failed"}, created=later)
    with db.transaction() as session:
        inbox.take(session, [event], till.clock())
    till.clock.advance(days=3)
    inbox.handle_due(db, till.gateway, now=till.clock())

    assert given_back(db) == 0


def test_a_request_that_is_being_answered_this_moment_is_not_refused(
    till: Till, db: Database, paid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, app = till.gateway.refund, till.sandbox.wsgi
    assert isinstance(app, WebApp)
    api = app._api

    def meanwhile(**asked: Any) -> Any:
        monkeypatch.setattr(till.gateway, "refund", real)
        api._running.add(asked["key"])
        with pytest.raises(StripeUnavailable):
            refund(till, paid, 500)
        api._running.discard(asked["key"])
        return real(**asked)

    monkeypatch.setattr(till.gateway, "refund", meanwhile)

    refund(till, paid, 500)

    assert request(db).state == "done"
    assert refunds(till) == 1
