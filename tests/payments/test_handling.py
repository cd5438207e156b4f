"""From the inbox into the mirror: which snapshot counts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from app.core.db import Database
from app.payments import handling, ledger, mirroring
from app.payments.models import LedgerTransaction, StripeInvoice
from app.payments.sheets import Answer
from tests.payments.events import make_event
from tests.payments.fixtures_of_handling import heard, known
from tests.payments.till import Till
from tests.payments.told import at, event_of, handle, held, reads, snapshot, tell

if TYPE_CHECKING:
    from app.payments.changes import Change

Json = dict[str, Any]
UPDATED = "customer.subscription.updated"


__all__ = ["heard", "known"]  # fixtures


def test_a_later_event_is_the_truth_and_costs_no_read(till: Till, known: Json) -> None:
    paused = snapshot(known, pause_collection={"behavior": "void", "resumes_at": None})
    tell(till, make_event(UPDATED, paused, created=at(till.clock())))
    handle(till)

    assert held(till.db, known["id"]).is_paused
    assert reads(till.sandbox) == 0


def test_an_older_event_changes_nothing_and_is_told_all_the_same(
    till: Till, known: Json, heard: list[Change]
) -> None:
    heard.clear()
    old = snapshot(known, status="incomplete")
    tell(till, make_event(UPDATED, old, created=known["created"] - 60, id="evt_old"))
    handle(till)

    assert held(till.db, known["id"]).status == "active"
    assert event_of(till.db, "evt_old").state == "handled"
    [change] = heard
    assert change.event_id == "evt_old"
    assert change.seen is not None
    assert change.seen.status == "incomplete"
    assert reads(till.sandbox) == 0


def test_what_is_told_at_once_is_told_in_the_order_in_which_it_was_so(
    till: Till, known: Json, heard: list[Change]
) -> None:
    invoice: Any = till.gateway.retrieve("invoice", known["latest_invoice"])
    now = at(till.clock())
    later = make_event("invoice.paid", invoice, created=now + 1)
    tell(till, later, make_event(UPDATED, snapshot(known), created=now))
    heard.clear()
    handle(till)

    assert [change.kind for change in heard] == ["subscription", "invoice"]


def test_of_two_of_one_second_that_differ_stripe_is_asked(till: Till, known: Json) -> None:
    now = at(till.clock())
    for status in ("past_due", "unpaid"):
        tell(till, make_event(UPDATED, snapshot(known, status=status), created=now))
    handle(till)

    assert held(till.db, known["id"]).status == "active"
    assert reads(till.sandbox) == 1


def test_of_two_of_one_second_that_agree_nobody_is_asked(till: Till, known: Json) -> None:
    now = at(till.clock())
    for _ in range(2):
        tell(till, make_event(UPDATED, snapshot(known, status="past_due"), created=now))
    handle(till)

    assert held(till.db, known["id"]).status == "past_due"
    assert reads(till.sandbox) == 0


def test_updates_of_one_second_follow_what_they_say_was_before(till: Till, known: Json) -> None:
    now = at(till.clock())
    steps = [("unpaid", "past_due"), ("past_due", "active"), ("canceled", "unpaid")]
    for status, before in steps:
        event = make_event(UPDATED, snapshot(known, status=status), created=now)
        event["data"]["previous_attributes"] = {"status": before}
        tell(till, event)
    handle(till)

    assert held(till.db, known["id"]).status == "canceled"
    assert reads(till.sandbox) == 0


def test_there_and_back_in_one_second_is_a_doubt(till: Till, known: Json) -> None:
    now = at(till.clock())
    for status, before in (("unpaid", "past_due"), ("past_due", "unpaid")):
        event = make_event(UPDATED, snapshot(known, status=status), created=now)
        event["data"]["previous_attributes"] = {"status": before}
        tell(till, event)
    handle(till)

    assert held(till.db, known["id"]).status == "active"
    assert reads(till.sandbox) == 1


def test_a_tie_with_what_was_applied_is_a_doubt(till: Till, known: Json) -> None:
    now = at(till.clock())
    tell(till, make_event(UPDATED, snapshot(known, status="past_due"), created=now))
    handle(till)
    tell(till, make_event(UPDATED, snapshot(known, status="unpaid"), created=now))
    handle(till)

    assert held(till.db, known["id"]).status == "active"
    assert reads(till.sandbox) == 1


@pytest.mark.parametrize("version", ["2022-11-15", None])
def test_an_event_of_another_version_is_never_believed(
    till: Till, known: Json, version: str | None
) -> None:
    event = make_event(UPDATED, snapshot(known, status="canceled"), created=at(till.clock()))
    tell(till, event | {"api_version": version})
    handle(till)

    assert held(till.db, known["id"]).status == "active"
    assert reads(till.sandbox) == 1


def test_an_object_in_an_unknown_shape_is_asked_for(till: Till, known: Json) -> None:
    shapeless = {key: value for key, value in known.items() if key != "items"}
    tell(till, make_event(UPDATED, shapeless, created=at(till.clock())))
    handle(till)

    assert till.waiting() == []
    assert reads(till.sandbox) == 1


def test_a_new_status_of_stripes_is_kept_as_it_is(till: Till, known: Json) -> None:
    tell(till, make_event(UPDATED, snapshot(known, status="dormant"), created=at(till.clock())))
    handle(till)

    assert held(till.db, known["id"]).status == "dormant"


def test_an_answer_that_events_overtook_is_not_applied(
    till: Till, known: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = at(till.clock())
    retrieve = till.gateway.retrieve
    newer = make_event(UPDATED, snapshot(known, status="past_due"), created=now + 5)

    def slowly(kind: str, object_id: str, expand: tuple[str, ...] = ()) -> Json | None:
        found = retrieve(kind, object_id, expand)
        monkeypatch.setattr(till.gateway, "retrieve", retrieve)
        tell(till, newer)  # while the answer is on its way
        return found

    monkeypatch.setattr(till.gateway, "retrieve", slowly)
    tell(till, make_event(UPDATED, snapshot(known, status="unpaid"), created=now, api_version=None))
    while handle(till):
        pass

    assert held(till.db, known["id"]).status == "past_due"
    assert till.waiting() == []


def test_of_two_answers_the_one_that_was_asked_for_later_counts(till: Till, known: Json) -> None:
    """Two askers meet: the first to ask may be the last to write."""
    for minute, status in ((2, "past_due"), (1, "unpaid")):
        asked_at = till.clock() + timedelta(minutes=minute)
        said = snapshot(known, status=status)
        with till.db.transaction() as session:
            newest = handling.newest_known(session)
            answer = Answer("subscription", known["id"], said, at=asked_at, newest=newest)
            mirroring.apply(session, answers={known["id"]: answer}, now=till.clock())

    assert held(till.db, known["id"]).status == "past_due"


def test_an_invoice_in_an_old_shape_is_asked_for_and_not_taken_for_a_strangers(
    till: Till, db: Database
) -> None:
    bought = till.buy()
    invoice: Any = till.gateway.retrieve("invoice", bought["invoice"])
    old = snapshot(invoice, parent=None, subscription=bought["subscription"])
    tell(till, make_event("invoice.paid", old, created=at(till.clock()), api_version="2022-11-15"))
    handle(till)

    with db.reading() as session:
        assert session.get_one(StripeInvoice, invoice["id"]).ref == bought["ref"]


def test_after_an_answer_events_of_the_last_minutes_are_doubted(till: Till, known: Json) -> None:
    now = at(till.clock())
    tell(till, make_event(UPDATED, snapshot(known), created=now - 120, api_version=None))
    handle(till)
    tell(till, make_event(UPDATED, snapshot(known, status="unpaid"), created=now - 60))
    handle(till)

    assert held(till.db, known["id"]).status == "active"
    assert reads(till.sandbox) == 2


def test_an_object_that_stripe_forgot_is_ignored_with_the_reason(till: Till, db: Database) -> None:
    tell(till, make_event("charge.updated", {"id": "ch_gone"}, id="evt_gone", api_version=None))
    handle(till)

    event = event_of(db, "evt_gone")
    assert (event.state, event.error) == ("ignored", "Stripe does not know ch_gone")


def test_a_refund_that_fails_after_it_had_succeeded_is_booked_back(
    till: Till, db: Database
) -> None:
    till.buy(interval=None, total=500)
    till.catch_up()
    [page] = till.gateway.pages("charge")
    till.sandbox.refund(page[0]["id"])
    till.catch_up()
    [[refund]] = till.gateway.pages("refund")
    failed = snapshot(refund, status="failed", failure_reason="lost_or_stolen_card")
    till.clock.advance(days=1)
    tell(till, make_event("refund.failed", failed, created=at(till.clock())))
    handle(till)

    with db.reading() as session:
        kinds = session.scalars(sa.select(LedgerTransaction.kind)).all()
        assert ledger.totals(session)["EUR"]["patrons"] == -500
    assert sorted(kinds) == ["charge", "refund", "refund_failed"]
