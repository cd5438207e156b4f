"""A person has one pledge: a second that completes goes back at once, and they are told."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from app.core.jobs import Job
from app.membership import sending_back
from app.membership.models import Pledge, Receipt
from app.payments import handling, requesting
from app.payments.models import StripeCharge, StripeRequest
from app.reporting.models import Movement
from tests.membership.counter import ANN, BAD_DEBIT, DEBIT, GOOD, Counter


def pay_twice(counter: Counter) -> tuple[str, str]:
    """Two browsers, one address: both get to Stripe's page, and both pay."""
    one, other = counter.begin(amount="5"), counter.begin(amount="10")
    for checkout in (one, other):
        counter.sandbox.pay(checkout, GOOD, name="Ann")
    counter.settle()
    return one, other


def pay_once_more(counter: Counter) -> None:
    """The first is a patron already when the second pays; nothing is told of that yet."""
    one, other = counter.begin(amount="5"), counter.begin(amount="10")
    counter.sandbox.pay(one, GOOD, name="Ann")
    counter.settle()
    counter.sandbox.pay(other, GOOD, name="Ann")


def kept_at_stripe(counter: Counter) -> list[tuple[int, int]]:
    """What was charged, and what of it was given back, by amount."""
    charges = counter.sandbox_list("charge")
    return sorted((charge["amount"], charge["amount_refunded"]) for charge in charges)


def test_a_second_pledge_is_cancelled_and_refunded_and_the_person_told(counter: Counter) -> None:
    _, other = pay_twice(counter)

    second = counter.pledge(Pledge.state == "duplicate")
    first = counter.pledge(Pledge.state == "active")
    assert (first.total, second.total) == (500, 1000)
    statuses = {row["id"]: row["status"] for row in counter.sandbox_list("subscription")}
    assert statuses == {first.subscription_id: "active", second.subscription_id: "canceled"}
    assert kept_at_stripe(counter) == [(500, 0), (1000, 1000)]
    (mail,) = counter.mails("second_pledge")
    assert mail.to_address == ANN
    assert "10\u00a0€" in mail.text
    assert "5\u00a0€ a month goes on" in mail.text.replace("\n", " ")
    page = counter.reader().get(f"/join/thanks?session_id={other}")
    assert "You already had a pledge." in page.text


def test_two_of_one_person_that_are_told_together_are_settled_one_after_the_other(
    counter: Counter,
) -> None:
    with capture_logs() as told:
        pay_twice(counter)

    assert [line for line in told if line["log_level"] == "error"] == []


def test_it_goes_back_even_if_stripe_was_away_for_a_day(counter: Counter) -> None:
    pay_once_more(counter)
    counter.sandbox.fault("503", path="/v1/", requests=1000)
    with capture_logs():
        counter.settle()
        with counter.db.transaction() as session:
            session.execute(sa.update(Job).where(Job.state == "ready").values(attempts=17))
        counter.clock.advance(days=1)
        counter.settle()
    counter.sandbox.clear_faults()
    counter.clock.advance(hours=6)
    counter.settle()

    statuses = [row["status"] for row in counter.sandbox_list("subscription")]
    assert sorted(statuses) == ["active", "canceled"]
    assert kept_at_stripe(counter) == [(500, 0), (1000, 1000)]


def test_what_the_newsroom_gave_back_at_stripe_before_us_is_no_error(counter: Counter) -> None:
    pay_twice(counter)
    second = counter.pledge(Pledge.state == "duplicate")
    with counter.db.transaction() as session:
        unheard_of = sa.update(StripeCharge).where(StripeCharge.ref == second.ref)
        session.execute(unheard_of.values(amount_refunded=0))

    gateway = counter.work.services["gateway"]
    sending_back.send_back(counter.db, gateway, ref=second.ref, now=counter.clock())

    assert kept_at_stripe(counter) == [(500, 0), (1000, 1000)]


def test_it_counts_nowhere_and_is_thanked_for_once(counter: Counter) -> None:
    pay_twice(counter)

    assert counter.count(Movement) == 1
    assert len(counter.mails("welcome")) == 1
    assert counter.count(Receipt) == 2


def test_who_hears_of_the_refund_by_its_event_only_writes_the_mail_then(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that an event overtook changes nothing: what was asked for is told later."""
    monkeypatch.setattr(requesting, "_apply", lambda *_answer, **_more: None)
    pay_twice(counter)

    assert kept_at_stripe(counter) == [(500, 0), (1000, 1000)]
    assert len(counter.mails("second_pledge")) == 1


def test_told_again_it_goes_back_once(counter: Counter) -> None:
    pay_twice(counter)
    for event in counter.events():
        counter.sandbox.resend(event["id"])
    counter.settle()

    assert len(counter.sandbox_list("refund")) == 1
    assert counter.count(StripeRequest, StripeRequest.action == "refund") == 1
    assert len(counter.mails("second_pledge")) == 1


def test_while_stripe_is_silent_the_giving_back_waits_and_happens_once(counter: Counter) -> None:
    pay_once_more(counter)
    counter.sandbox.fault("cut_after_execution", path="/v1/refunds", requests=5)
    counter.settle()
    counter.sandbox.clear_faults()

    counter.clock.advance(minutes=10)
    counter.settle()

    assert len(counter.sandbox_list("refund")) == 1
    assert len(counter.mails("second_pledge")) == 1


def test_a_debit_that_arrives_days_after_another_pledge_goes_back(counter: Counter) -> None:
    one, other = counter.begin(amount="5"), counter.begin(amount="10")
    counter.sandbox.pay(one, GOOD, name="Ann")
    counter.settle()
    counter.sandbox.pay(other, DEBIT, name="Ann")
    counter.settle()

    counter.clock.advance(days=4)
    counter.settle()

    assert counter.pledge(Pledge.state == "active").total == 500
    assert kept_at_stripe(counter) == [(500, 0), (1000, 1000)]


def test_after_a_pledge_has_ended_another_one_is_no_second(counter: Counter) -> None:
    counter.become_patron(amount="5")
    subscription = counter.pledge().subscription_id
    counter.house.services["gateway"].cancel_now(key="by-staff", subscription_id=subscription)
    counter.settle()

    counter.become_patron(amount="10")

    assert counter.count(Pledge, Pledge.state == "duplicate") == 0
    assert counter.pledge(Pledge.state == "active").total == 1000
    assert len(counter.sandbox_list("refund")) == 0


@pytest.mark.parametrize("debit", [DEBIT, BAD_DEBIT])
def test_a_card_that_pays_while_a_debit_is_on_its_way_is_the_pledge(
    counter: Counter, debit: str
) -> None:
    counter.sandbox.pay(counter.begin(amount="5"), debit, name="Mallory")
    counter.settle()
    counter.clock.advance(hours=1)
    counter.become_patron(amount="10")

    assert counter.pledge(Pledge.state == "active").total == 1000
    counter.clock.advance(days=5)
    counter.settle()

    assert counter.pledge(Pledge.state == "active").total == 1000
    assert counter.pledge(Pledge.state == "duplicate").total == 500
    statuses = {one["status"] for one in counter.sandbox_list("subscription")}
    assert statuses == {"active", "canceled"}
    came = [(500, 500)] if debit == DEBIT else []
    paid = [one for one in counter.sandbox_list("charge") if one["paid"]]
    assert sorted((one["amount"], one["amount_refunded"]) for one in paid) == [*came, (1000, 0)]
    assert len(counter.mails("welcome")) == 1
    assert len(counter.mails("second_pledge")) == len(came)
    assert counter.mails("payment_failed") == []


def test_of_two_debits_on_their_way_the_one_that_is_paid_is_the_pledge(counter: Counter) -> None:
    counter.sandbox.pay(counter.begin(amount="5"), BAD_DEBIT, name="Mallory")
    counter.settle()
    counter.sandbox.pay(counter.begin(amount="10"), DEBIT, name="Ann")
    counter.settle()
    assert counter.count(Pledge, Pledge.state == "pending") == 2

    counter.clock.advance(days=5)
    counter.settle()

    assert counter.pledge(Pledge.state == "active").total == 1000
    assert [one for one in kept_at_stripe(counter) if one[1]] == []


def test_what_became_the_one_that_runs_meanwhile_is_not_given_back(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    pay_once_more(counter)
    counter.sandbox.deliver()
    handling.handle_due(counter.db, counter.work.services["gateway"], now=counter.clock())
    first = counter.pledge(Pledge.state == "active").ref
    second = counter.pledge(Pledge.state == "duplicate").ref
    refund = sending_back._refund

    def refund_after_news(*args: Any, **how: Any) -> None:
        with counter.db.transaction() as session:
            for ref, state in ((first, "duplicate"), (second, "active")):
                session.execute(sa.update(Pledge).where(Pledge.ref == ref).values(state=state))
        refund(*args, **how)

    monkeypatch.setattr(sending_back, "_refund", refund_after_news)
    sending_back.send_back(
        counter.db, counter.work.services["gateway"], ref=second, now=counter.clock()
    )

    assert kept_at_stripe(counter) == [(500, 0), (1000, 0)]
