"""The page after paying is true before any event has come."""

from __future__ import annotations

import pytest

from app.membership.models import Gift, Pledge
from tests.membership.counter import BAD_DEBIT, DEBIT, EMPTY, GOOD, Counter
from tests.membership.test_erased import erase


@pytest.fixture(params=["sqlite"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """These pages ask nothing that the tests of joining and living do not ask of both engines."""
    return str(request.param)


def thanks(counter: Counter, checkout: str) -> str:
    page = counter.reader().get(f"/join/thanks?session_id={checkout}")
    assert page.status_code == 200
    return page.text


@pytest.mark.parametrize("interval", ["month", "year"])
def test_it_knows_a_paid_pledge_before_the_webhook(counter: Counter, interval: str) -> None:
    checkout = counter.begin(interval=interval, amount="36")
    counter.sandbox.pay(checkout, GOOD, name="Ann")

    page = thanks(counter, checkout)

    assert "You are the first patron." in page
    assert counter.pledge().state == "active"
    assert "a•••@example.org" in page
    assert "ann@example.org" not in page


def test_it_knows_a_paid_gift_before_the_webhook(counter: Counter) -> None:
    checkout = counter.begin(interval="once", amount="20")
    counter.sandbox.pay(checkout, GOOD, name="Ann")

    assert "Your gift has arrived." in thanks(counter, checkout)
    assert counter.one(Gift).state == "paid"


def test_the_events_that_come_later_change_nothing(counter: Counter) -> None:
    checkout = counter.begin()
    counter.sandbox.pay(checkout, GOOD, name="Ann")
    thanks(counter, checkout)
    before = counter.pledge()

    counter.settle()

    after = counter.pledge()
    assert (after.id, after.state, after.started_at, after.paid_through) == (
        before.id, before.state, before.started_at, before.paid_through,
    )  # fmt: skip
    assert len(counter.mails("welcome")) == 1


def test_a_debit_is_pending_and_later_paid(counter: Counter) -> None:
    checkout = counter.begin()
    counter.sandbox.pay(checkout, DEBIT, name="Ann")

    assert "Your payment is on its way." in thanks(counter, checkout)
    assert counter.pledge().state == "pending"

    counter.clock.advance(days=4)
    assert "You are the first patron." in thanks(counter, checkout)


def test_a_debit_that_came_back_says_that_nothing_was_charged(counter: Counter) -> None:
    checkout = counter.begin()
    counter.sandbox.pay(checkout, BAD_DEBIT, name="Ann")
    counter.settle()
    counter.clock.advance(days=4)
    counter.settle()

    assert "The payment did not go through." in thanks(counter, checkout)
    assert counter.pledge().state == "ended"
    (mail,) = counter.mails("payment_failed")
    assert "Nothing was charged" in mail.text
    assert "/join?interval=month" in mail.text


@pytest.mark.parametrize("debit", [DEBIT, BAD_DEBIT])
def test_a_debit_that_was_stopped_meanwhile_is_not_waited_for(counter: Counter, debit: str) -> None:
    checkout = counter.begin()
    counter.sandbox.pay(checkout, debit, name="Ann")
    counter.settle()
    counter.signed_in().submit("/account/stop")
    counter.settle()

    before = thanks(counter, checkout)
    counter.clock.advance(days=4)
    counter.settle()
    after = thanks(counter, checkout)

    for page in (before, after):
        assert "This pledge was stopped." in page
        assert "Your vote begins" not in page
    assert "We send it back as soon as it arrives." in before
    came = "came for it, and we sent it back at once."
    assert (came if debit == DEBIT else "Nothing was charged for it.") in after


def test_a_second_debit_that_came_back_was_not_sent_back(counter: Counter) -> None:
    checkout = counter.begin()
    counter.sandbox.pay(checkout, BAD_DEBIT, name="Ann")
    counter.become_patron()

    assert "We send it back as soon as it arrives." in thanks(counter, checkout)
    counter.clock.advance(days=4)
    counter.settle()

    page = thanks(counter, checkout)
    assert "You already had a pledge." in page
    assert "Nothing was charged for it." in page
    assert "ten days" not in page


@pytest.mark.parametrize(
    ("means", "interval"), [(DEBIT, "month"), (DEBIT, "once"), (GOOD, "month")]
)
def test_who_was_erased_meanwhile_is_promised_no_mail_and_no_account(
    counter: Counter, means: str, interval: str
) -> None:
    checkout = counter.begin(interval=interval, amount="20")
    counter.sandbox.pay(checkout, means, name="Ann")
    counter.settle()
    counter.clock.advance(hours=1)
    erase(counter)
    counter.settle()

    page = thanks(counter, checkout)

    assert "Your data was erased." in page
    assert "•••" not in page
    assert ("We send it back" if means == DEBIT else "Nothing is charged any more.") in page


def test_what_was_paid_and_is_over_or_went_back_is_no_more_thanked_for(counter: Counter) -> None:
    pledge, gift = counter.begin(amount="5"), counter.begin(amount="20", interval="once")
    for checkout in (pledge, gift):
        counter.sandbox.pay(checkout, GOOD, name="Ann")
    counter.settle()
    gateway = counter.house.services["gateway"]
    gateway.cancel_now(key="by-staff", subscription_id=counter.pledge().subscription_id)
    counter.sandbox.refund(counter.sandbox_list("charge")[1]["id"])
    counter.settle()

    assert "This pledge has ended." in thanks(counter, pledge)
    page = thanks(counter, gift)
    assert "Your gift was sent back." in page
    assert "came for it, and we sent it back at once." in page


def test_who_could_not_pay_may_begin_again(counter: Counter) -> None:
    counter.become_patron(card=BAD_DEBIT)
    counter.clock.advance(days=4)
    counter.settle()

    counter.become_patron()

    assert counter.pledge(Pledge.state == "active").started_at == counter.clock()


def test_a_declined_card_has_paid_nothing_and_may_be_followed_by_a_good_one(
    counter: Counter,
) -> None:
    checkout = counter.begin()
    assert counter.sandbox.pay(checkout, EMPTY, name="Ann")["kind"] == "declined"

    assert "This payment was not finished." in thanks(counter, checkout)
    assert counter.count(Pledge) == 0
    counter.sandbox.pay(checkout, GOOD, name="Ann")
    assert "You are the first patron." in thanks(counter, checkout)


def test_an_unfinished_payment_can_be_taken_up_again(counter: Counter) -> None:
    checkout = counter.begin(amount="7", interval="year")

    page = thanks(counter, checkout)

    assert "Nothing was charged." in page
    assert "/join?interval=year&amp;currency=EUR&amp;amount=7" in page


def test_while_stripe_is_silent_it_says_so_and_asks_nobody_to_pay_again(counter: Counter) -> None:
    checkout = counter.begin()
    counter.sandbox.pay(checkout, GOOD, name="Ann")
    counter.sandbox.fault("refuse", requests=2)

    assert "Do not pay again" in thanks(counter, checkout)

    counter.sandbox.clear_faults()
    assert "You are the first patron." in thanks(counter, checkout)


def test_it_asks_stripe_no_more_once_it_is_paid(counter: Counter) -> None:
    checkout = counter.begin()
    counter.sandbox.pay(checkout, GOOD, name="Ann")
    thanks(counter, checkout)
    counter.sandbox.counts(reset=True)

    thanks(counter, checkout)

    assert counter.sandbox.counts()["reads"] == 0


def test_reloading_for_ever_does_not_ask_stripe_for_ever(counter: Counter) -> None:
    checkout = counter.begin()

    for _ in range(15):
        thanks(counter, checkout)

    assert counter.sandbox.counts()["reads"] == 10


@pytest.mark.parametrize(
    "session_id",
    ["", "cs_test_unknown", "x", "cs_" + "a" * 5000, "../etc", "cs_1%00", "{CHECKOUT_SESSION_ID}"],
)
def test_a_payment_that_is_none_of_ours_is_answered_calmly(
    counter: Counter, session_id: str
) -> None:
    page = counter.reader().get(f"/join/thanks?session_id={session_id}")

    assert page.status_code in (400, 404)
    assert counter.sandbox.counts()["reads"] == 0
