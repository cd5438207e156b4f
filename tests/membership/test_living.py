"""The life of a pledge as Stripe tells it: renewals, failures, grace, refunds, in any order."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.core.db import Base
from app.membership import standing
from app.membership.models import Gift, Pledge, PledgeChange, Receipt
from app.payments import inbox
from app.payments.models import StripeSubscription
from app.reporting import mrr
from app.reporting.models import Movement
from tests.membership.counter import GOOD, Counter
from tests.payments.events import make_event

NO_FUNDS = "insufficient_funds"


def next_month(counter: Counter, months: int = 1) -> None:
    for _ in range(months):
        counter.clock.advance(days=32)
        counter.settle()


def movements(counter: Counter) -> list[tuple[str, int, str | None]]:
    with counter.db.reading() as session:
        rows = session.scalars(sa.select(Movement).order_by(Movement.occurred_at))
        return [(row.kind, row.delta // 12, row.reason) for row in rows]


def test_each_renewal_is_one_receipt_with_the_link_to_stop(counter: Counter) -> None:
    counter.become_patron(amount="5")
    next_month(counter, 3)

    with counter.db.reading() as session:
        numbers = list(session.scalars(sa.select(Receipt.number).order_by(Receipt.id)))
    assert numbers == [1, 2, 3, 4]
    mails = counter.mails("receipt")
    assert len(mails) == 3
    assert all("/manage/" in mail.text and "Receipt 2026-" in mail.text for mail in mails)
    assert movements(counter) == [("new", 500, None)]


def test_receipt_numbers_have_no_gap_and_begin_anew_with_the_year(counter: Counter) -> None:
    for number in range(3):
        counter.become_patron(email=f"reader{number}@example.org", interval="year", amount="36")
    counter.clock.advance(days=366)
    counter.settle()

    with counter.db.reading() as session:
        rows = session.execute(sa.select(Receipt.year, Receipt.number).order_by(Receipt.id))
        assert [tuple(row) for row in rows] == [
            (2026, 1), (2026, 2), (2026, 3), (2027, 1), (2027, 2), (2027, 3),
        ]  # fmt: skip


def test_a_mail_comes_before_the_second_charge_and_before_no_later_one(counter: Counter) -> None:
    counter.become_patron(amount="5")
    for _ in range(7):
        counter.pass_days(5)

    (mail,) = counter.mails("charge_upcoming")
    assert mail.created_at < counter.one(Receipt, Receipt.number == 2).issued_at
    assert "5\u00a0€ for Our newsroom will be charged on 10\u00a0July" in mail.subject

    for _ in range(3):
        counter.pass_days(12)
    assert len(counter.mails("charge_upcoming")) == 1


def test_a_mail_comes_before_each_yearly_charge(counter: Counter) -> None:
    counter.become_patron(amount="36", interval="year")
    counter.pass_days(361)
    counter.pass_days(10)
    counter.pass_days(355)

    days = [mail.created_at.date().isoformat() for mail in counter.mails("charge_upcoming")]
    assert days == ["2027-06-06", "2028-06-05"]


def test_a_failed_renewal_is_past_due_and_still_counts(counter: Counter) -> None:
    account_id = counter.become_patron(amount="5", after_first=NO_FUNDS)
    next_month(counter)

    pledge = counter.pledge()
    assert pledge.state == "past_due"
    assert pledge.past_due_since is not None
    assert pledge.paid_through == counter.one(StripeSubscription).current_period_start
    with counter.db.reading() as session:
        assert standing.in_good_standing(session, account_id, counter.clock())
    page = counter.signed_in().get("/account").text
    assert "The last charge did not go through." in page


def test_a_recovered_renewal_is_as_if_nothing_had_been(counter: Counter) -> None:
    counter.become_patron(amount="5", after_first=NO_FUNDS)
    next_month(counter)
    customer = counter.sandbox_list("customer")[0]["id"]

    counter.sandbox.replace_method(customer, GOOD, pay_open=True)
    counter.settle()

    pledge = counter.pledge()
    assert (pledge.state, pledge.past_due_since) == ("active", None)
    assert movements(counter) == [("new", 500, None)]


def test_when_stripe_gives_up_the_pledge_is_over_and_was_not_their_wish(counter: Counter) -> None:
    account_id = counter.become_patron(amount="5", after_first=NO_FUNDS)
    next_month(counter, 2)

    pledge = counter.pledge()
    assert (pledge.state, pledge.end_reason) == ("ended", "involuntary")
    assert movements(counter) == [("new", 500, None), ("churn", -500, "involuntary")]
    (mail,) = counter.mails("pledge_lapsed")
    assert "It gives you no vote in rounds that open from now on." in mail.text
    assert "nothing is tried again" in mail.text
    assert "/join?interval=month&currency=EUR&amount=5" in mail.text
    with counter.db.reading() as session:
        assert not standing.in_good_standing(session, account_id, counter.clock())


def test_after_thirty_days_of_failing_a_pledge_counts_no_more(counter: Counter) -> None:
    counter.sandbox.knobs(retry_days=[3, 20, 20, 20])
    counter.become_patron(amount="5", after_first=NO_FUNDS)
    next_month(counter)
    since = counter.pledge().past_due_since
    assert since is not None

    counter.clock.set(since + timedelta(days=30, hours=2))
    counter.pass_days(0)

    pledge = counter.pledge()
    assert (pledge.state, pledge.end_reason) == ("ended", "involuntary")
    assert pledge.ended_at == since + timedelta(days=30)
    assert movements(counter)[-1] == ("churn", -500, "involuntary")
    (mail,) = counter.mails("pledge_lapsed")
    assert "The bank is still asked." in mail.text
    assert "/manage/" in mail.text
    with counter.db.reading() as session:
        assert mrr.mrr(session, at=counter.clock(), currency="EUR").minor == 0


def test_whose_grace_ran_out_is_told_once_though_stripe_gives_up_later(counter: Counter) -> None:
    counter.sandbox.knobs(retry_days=[3, 20, 20, 20])
    counter.become_patron(amount="5", after_first=NO_FUNDS)
    counter.become_patron(amount="50", interval="once")
    for _ in range(2):
        counter.pass_days(33)
    (mail,) = counter.mails("pledge_lapsed")
    assert "You keep your vote, by what you gave besides." in mail.text
    counter.pass_days(40)

    assert [one["status"] for one in counter.sandbox_list("subscription")] == ["canceled"]
    assert len(counter.mails("pledge_lapsed")) == 1


def test_who_pays_after_grace_ran_out_is_back(counter: Counter) -> None:
    counter.sandbox.knobs(retry_days=[3, 20, 20, 20])
    counter.become_patron(amount="5", after_first=NO_FUNDS)
    next_month(counter)
    counter.clock.advance(days=31)
    counter.settle()
    assert counter.pledge().state == "ended"

    counter.sandbox.replace_method(counter.sandbox_list("customer")[0]["id"], GOOD, pay_open=True)
    counter.settle()

    assert counter.pledge().state == "active"
    assert [kind for kind, _, _ in movements(counter)] == ["new", "churn", "reactivation"]


def test_a_refund_of_the_newest_charge_takes_the_vote_and_the_next_one_gives_it_back(
    counter: Counter,
) -> None:
    lost: list[tuple[int, str]] = []
    gained: list[int] = []
    standing.on_lost.append(lambda _s, reasons, _n: lost.extend(reasons.items()))
    standing.on_gained.append(lambda _s, accounts, _n: gained.extend(accounts))
    try:
        account_id = counter.become_patron(amount="5")
        counter.sandbox.refund(counter.sandbox_list("charge")[0]["id"])
        counter.settle()
        assert lost == [(account_id, "refund")]
        assert counter.pledge().returned_at is not None
        assert counter.mails("second_pledge") == [], "it was the newsroom that gave it back"

        next_month(counter)
        assert counter.pledge().returned_at is None
        assert gained == [account_id, account_id]
    finally:
        standing.on_lost.pop()
        standing.on_gained.pop()


def test_a_dispute_that_ends_a_pledge_takes_the_vote(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = counter.become_patron(amount="5")
    lost: dict[int, str] = {}
    monkeypatch.setattr(standing, "on_lost", [lambda _s, reasons, _n: lost.update(reasons)])
    now = int(counter.clock.advance(hours=1).timestamp())
    over = {"status": "canceled", "canceled_at": now, "ended_at": now,
            "cancellation_details": {"reason": "payment_disputed"}}  # fmt: skip
    ended = counter.sandbox_list("subscription")[0] | over
    event = make_event("customer.subscription.deleted", ended, created=now)
    with counter.db.transaction() as session:
        inbox.take(session, [event], counter.clock())
    counter.settle()

    assert (counter.pledge().state, counter.pledge().end_reason) == ("ended", "dispute")
    assert lost == {account_id: "dispute"}


def test_a_part_that_goes_back_takes_no_vote(counter: Counter) -> None:
    account_id = counter.become_patron(amount="5")
    counter.sandbox.refund(counter.sandbox_list("charge")[0]["id"], 200)
    counter.settle()

    with counter.db.reading() as session:
        assert standing.in_good_standing(session, account_id, counter.clock())


def test_a_gift_that_goes_back_gives_no_standing(counter: Counter) -> None:
    account_id = counter.become_patron(amount="50", interval="once")
    counter.sandbox.refund(counter.sandbox_list("charge")[0]["id"])
    counter.settle()

    assert (counter.one(Gift).state, counter.one(Gift).standing_until) == ("refunded", None)
    with counter.db.reading() as session:
        assert not standing.in_good_standing(session, account_id, counter.clock())


def test_raises_and_lowerings_are_movements_of_their_amounts(counter: Counter) -> None:
    counter.become_patron(amount="5")
    reader = counter.signed_in()
    for amount in ("8", "3"):
        counter.clock.advance(days=2)
        reader.submit("/account/change", {"amount": amount}, at="/account")
        counter.settle()

    assert movements(counter) == [
        ("new", 500, None), ("expansion", 300, None), ("contraction", -500, None),
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_doubled_and_repeated_events_end_in_the_same_rows(
    counter: Counter, seed: int
) -> None:
    counter.become_patron(amount="5", after_first=NO_FUNDS)
    next_month(counter)
    counter.sandbox.replace_method(counter.sandbox_list("customer")[0]["id"], GOOD, pay_open=True)
    counter.settle()
    counter.signed_in().submit("/account/change", {"amount": "8"}, at="/account")
    counter.settle()
    before = state_of(counter)

    again = [event["id"] for event in counter.events()] * 2
    random.Random(seed).shuffle(again)
    with counter.db.transaction() as session:
        session.execute(sa.text("UPDATE stripe_event SET state = 'new'"))
    for event in again:
        counter.sandbox.resend(event)
    counter.settle()

    assert state_of(counter) == before


def state_of(counter: Counter) -> dict[str, Any]:
    """All that is known of pledges, without the ids of rows."""
    tables: list[type[Base]] = [Pledge, PledgeChange, Receipt, Movement]
    with counter.db.reading() as session:
        return {
            table.__tablename__: sorted(
                tuple(
                    str(getattr(row, column.key))
                    for column in sa.inspect(table).columns
                    if column.key != "id"
                )
                for row in session.scalars(sa.select(table))
            )
            for table in tables
        }
