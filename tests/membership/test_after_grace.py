"""After grace a pledge counts no more, and lives on at Stripe: who gave can stop it."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from app.membership import checks
from app.membership.models import Pledge
from app.newsroom.models import Newsroom
from app.ops import doctor
from app.payments.models import StripeSubscription
from tests.membership.counter import ANN, GOOD, Counter

MANAGE = re.compile(r"http://localhost(/manage/\S+)")


@pytest.fixture
def lapsed(counter: Counter) -> Counter:
    """Ann's second charge failed for longer than the grace, and Stripe still tries."""
    counter.sandbox.knobs(retry_days=[3, 20, 20, 20])
    with counter.db.transaction() as session:
        session.execute(sa.update(Newsroom).values(grace_days=7))
    counter.become_patron(amount="5", after_first="insufficient_funds")
    counter.clock.advance(days=32)
    counter.settle()
    counter.pass_days(8)
    assert counter.pledge().state == "ended"
    assert counter.sandbox_list("subscription")[0]["status"] == "past_due"
    return counter


def test_the_account_says_that_it_is_tried_and_stops_it(lapsed: Counter) -> None:
    reader = lapsed.signed_in()
    page = reader.get("/account").text
    assert "Its last charge is still tried." in page
    assert "The bank is asked again on " in page
    assert "It counts no more" in reader.get("/account/stop").text
    page = reader.get(f"/join/thanks?session_id={lapsed.sign_up().checkout_id}").text
    assert "This pledge has ended." in page
    assert "Its last charge is still tried." in page

    assert reader.submit("/account/stop").status_code == 303

    assert lapsed.sandbox_list("subscription")[0]["status"] == "canceled"
    assert "still tried" not in reader.get("/account").text
    assert "There is nothing to stop." in reader.get("/account/stop").text
    lapsed.sandbox.replace_method(
        lapsed.sandbox_list("customer")[0]["id"], GOOD, pay_open=True
    )  # fmt: skip
    lapsed.settle()
    assert [charge["paid"] for charge in lapsed.sandbox_list("charge")].count(True) == 1


def test_the_link_in_a_mail_stops_it_too(lapsed: Counter) -> None:
    lapsed.reader().submit("/stop", {"email": ANN})
    lapsed.settle()
    (mail,) = lapsed.mails("manage_link")
    (link,) = MANAGE.findall(mail.text)
    assert "Its last charge is still tried." in lapsed.reader().get(link).text

    assert lapsed.reader().submit(f"{link}/stop", at=link).status_code == 303

    assert lapsed.sandbox_list("subscription")[0]["status"] == "canceled"
    assert "Nothing is charged any more." in lapsed.reader().get(link).text


def test_the_doctor_sees_two_living_subscriptions_of_one_person(lapsed: Counter) -> None:
    lapsed.become_patron(email="bo@example.org", amount="10")
    lapsed.clock.advance(hours=1)
    with lapsed.db.transaction() as session:
        assert set(map(len, checks.run(session, lapsed.clock()).values())) == {0}
        first = session.scalars(sa.select(Pledge).order_by(Pledge.id)).first()
        assert first is not None
        mine = sa.update(Pledge).where(Pledge.id != first.id)
        session.execute(mine.values(account_id=first.account_id))

    (found,) = [one.rows for one in doctor.examine(lapsed.work) if one.name.startswith("member")]

    assert len(found) == 1
    assert lapsed.count(StripeSubscription, StripeSubscription.id == found[0]) == 1
