"""In the hour between a renewal and its charge, and while that is tried: no page says too much."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.membership import renewing
from app.membership.models import Pledge
from app.payments.models import StripeCharge, StripeInvoice, StripeSubscription
from tests.membership.counter import Counter
from tests.membership.test_changing import change, flat


@pytest.fixture
def due(counter: Counter) -> Counter:
    """A month of Ann's is over, and in 50 minutes she is charged for the next."""
    counter.become_patron(amount="10")
    counter.clock.advance(days=30, minutes=10)
    counter.settle()
    assert [row["status"] for row in counter.sandbox_list("invoice")].count("draft") == 1
    return counter


def charged(counter: Counter) -> list[int]:
    counter.clock.advance(hours=3)
    counter.settle()
    return [one["amount"] for one in counter.sandbox_list("charge") if one["paid"]]


def test_in_the_hour_the_next_charge_is_the_one_that_is_due(due: Counter) -> None:
    reader = due.signed_in()
    today = "Next charge: 10 July 2026, 10 €, from the card ending 4242."

    assert today in flat(reader.get("/account").text)
    change(reader, amount="3")
    due.settle()
    assert today in flat(reader.get("/account").text)
    assert "The next charge is 10 €, on 10 July 2026." in flat(reader.get("/account/change").text)
    charged(due)

    assert "Next charge: 10 August 2026, 3 €" in flat(reader.get("/account").text)


@pytest.mark.parametrize(
    ("status", "charged", "is_due"),
    [
        ("void", -32, False), ("open", -32, True), ("open", 0, False),
        (None, -32, True), (None, -0.2, False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("engine_name", ["sqlite"])  # both engines are asked by the journeys beside
def test_a_charge_is_due_while_its_invoice_waits_and_nothing_was_paid_for_the_period(
    counter: Counter, status: str | None, charged: float, is_due: bool
) -> None:
    """``charged`` are days from the period's begin to the newest charge; None: not told yet."""
    counter.become_patron(amount="10")
    with counter.db.transaction() as session:
        pledge = session.scalars(sa.select(Pledge)).one()
        began = session.scalars(sa.select(StripeSubscription.current_period_start)).one()
        at = began + timedelta(days=charged)
        session.execute(sa.update(StripeCharge).values(created=at))
        if status is None:
            session.execute(sa.delete(StripeInvoice))
        else:
            session.execute(sa.update(StripeInvoice).values(status=status))

        due = renewing.due_invoice(session, pledge)

    assert (due is not None) is is_due


def test_while_a_charge_is_tried_the_next_one_is_the_next_try(counter: Counter) -> None:
    counter.become_patron(amount="10", after_first="insufficient_funds")
    counter.clock.advance(days=31)
    counter.settle()

    page = flat(counter.signed_in().get("/account").text)

    assert "Next charge: 13 July 2026, 10 €" in page
    assert "We try again on 13 July." in page


def test_who_stops_in_the_hour_is_charged_no_more(due: Counter) -> None:
    reader = due.signed_in()
    assert "It ends today, because no paid time is left." in reader.get("/account/stop").text

    assert reader.submit("/account/stop").status_code == 303
    due.settle()

    assert charged(due) == [1000]
    assert (due.pledge().state, due.pledge().end_reason) == ("ended", "voluntary")


def test_who_stops_when_it_was_charged_already_keeps_the_paid_time(due: Counter) -> None:
    """Nothing of it was told to us yet."""
    due.clock.advance(hours=2)

    assert due.signed_in().submit("/account/stop").status_code == 303
    due.settle()

    pledge = due.pledge(Pledge.state == "active")
    assert pledge.cancels_at == pledge.paid_through
    assert charged(due) == [1000, 1000]


def test_who_lowers_in_the_hour_is_told_that_the_charge_stays(due: Counter) -> None:
    reader = due.signed_in()

    page = change(reader, amount="3")

    assert "A charge is due now. It stays as it was, whatever you change." in page
    assert "Nothing is charged today." not in page
    said = flat(reader.get("/account").text)
    assert "The charge that is due now stays as it was; after it, it is 3 €." in said
    due.settle()
    (mail,) = due.mails("pledge_changed")
    assert "A charge that is due already stays as it was." in mail.text
    assert charged(due) == [1000, 1000]


def test_who_lowers_while_past_due_is_told_so_too(counter: Counter) -> None:
    counter.become_patron(amount="10", after_first="insufficient_funds")
    counter.clock.advance(days=32)
    counter.settle()
    assert counter.pledge().state == "past_due"

    page = change(counter.signed_in(), amount="3")
    counter.settle()

    assert "A charge is due now. It stays as it was" in page
    (mail,) = counter.mails("pledge_changed")
    assert "A charge that is due already stays as it was." in mail.text
    assert "10 August 2026" in flat(mail.text)
