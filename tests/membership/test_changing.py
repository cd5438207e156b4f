"""A pledge is raised, lowered, stopped and kept, by hand and from a mail."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from werkzeug.test import TestResponse

from app.core.clock import wall_clock
from app.membership import linking
from app.membership.models import Pledge
from app.payments.models import StripeRequest
from tests.membership.counter import ANN, GOOD, Counter
from tests.membership.paper import fields
from tests.reading import Reader

MANAGE = re.compile(r"http://localhost(/manage/\S+)")


@pytest.fixture(params=["sqlite"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """These pages ask nothing that the tests of joining and living do not ask of both engines."""
    return str(request.param)


def flat(html: str) -> str:
    """The page with plain spaces, on one line."""
    return re.sub(r"\s+", " ", html.replace("\u00a0", " "))


def change(reader: Reader, **typed: str) -> str:
    """Look at the change, then send what was shown; gives what was shown."""
    page = reader.get("/account/change", query_string=typed).text
    assert send_change(reader, **_shown(page, "/account/change")).status_code == 303
    return flat(page)


def send_change(reader: Reader, **typed: str) -> TestResponse:
    """Send another amount, without looking first."""
    return reader.submit("/account/change", typed, at="/account")


def _shown(page: str, action: str) -> dict[str, str]:
    """The fields of the second form: the one that changes something."""
    start = page.index(f'<form method="post" action="{action}"')
    found = fields(page[start:], action)
    return {name: value for name, value in found.items() if name != "csrf_token"}


def test_a_raise_shows_the_next_charge_before_and_after_and_then_is_so(counter: Counter) -> None:
    counter.become_patron(amount="5")
    reader = counter.signed_in()

    page = change(reader, amount="8")

    assert "You will be charged 8 € instead of 5 €, from 10 July 2026 on." in page
    assert "Nothing is charged today." in page
    assert counter.pledge().total == 800
    assert "You give 8 € a month" in flat(reader.get("/account").text)
    assert "Next charge: 10 July 2026, 8 €" in flat(reader.get("/account").text)


def test_what_was_shown_is_what_stripe_would_charge_and_then_charges(counter: Counter) -> None:
    counter.become_patron(amount="5")
    change(counter.signed_in(), amount="3")
    counter.settle()

    counter.clock.advance(days=31)
    counter.settle()

    charges = [charge["amount"] for charge in counter.sandbox_list("charge")]
    assert sorted(charges) == [300, 500]


def test_looking_changes_nothing(counter: Counter) -> None:
    counter.become_patron(amount="5")
    counter.sandbox.counts(reset=True)

    counter.signed_in().get("/account/change?amount=8")

    assert counter.sandbox.counts()["writes"] == 0
    assert counter.pledge().total == 500


def test_the_fee_cover_can_be_taken_up_and_put_down(counter: Counter) -> None:
    counter.become_patron(amount="5")
    reader = counter.signed_in()

    change(reader, amount="5", cover_fees="1")
    assert (counter.pledge().amount, counter.pledge().fee_cover) == (500, 33)
    assert "Of this, 0.33 € covers the fee." in flat(reader.get("/account").text)

    change(reader, amount="5")
    assert (counter.pledge().amount, counter.pledge().fee_cover) == (500, 0)


def test_a_mail_tells_of_the_change(counter: Counter) -> None:
    counter.become_patron(amount="5")
    change(counter.signed_in(), amount="8")
    counter.settle()

    (mail,) = counter.mails("pledge_changed")
    assert "You give 8 € a month now." in flat(mail.text)
    assert "10 July 2026" in flat(mail.text)


@pytest.mark.parametrize("amount", ["0", "1,000", "1001", "5", "NaN"])
def test_what_cannot_be_is_refused_beside_the_field(counter: Counter, amount: str) -> None:
    counter.become_patron(amount="5")
    reader = counter.signed_in()

    looked = reader.get("/account/change", query_string={"amount": amount})
    sent = send_change(reader, amount=amount)

    for page in (looked, sent):
        assert 'id="amount-error"' in page.text
        assert fields(page.text, "/account/change")["amount"] == amount
    assert (looked.status_code, sent.status_code) == (200, 422)
    assert counter.pledge().total == 500


def test_while_stripe_is_silent_nothing_changes_and_the_same_can_be_sent_again(
    counter: Counter,
) -> None:
    counter.become_patron(amount="5")
    reader = counter.signed_in()
    counter.sandbox.fault("cut_after_execution", path="/v1/subscriptions", requests=2)

    first = send_change(reader, amount="8")
    assert first.status_code == 503
    assert "Your choice is kept" in first.text
    counter.sandbox.clear_faults()
    second = send_change(reader, amount="8")

    assert second.status_code == 303
    assert counter.pledge().total == 800
    assert counter.count(StripeRequest, StripeRequest.state == "open") == 0


def test_a_pledge_that_is_stopped_runs_until_its_end_and_can_be_kept(counter: Counter) -> None:
    counter.become_patron(amount="5")
    reader = counter.signed_in()
    page = flat(reader.get("/account/stop").text)
    assert "It ends on 10 July 2026, when the time you paid for is over." in page

    assert reader.submit("/account/stop").status_code == 303

    pledge = counter.pledge()
    assert (pledge.state, pledge.cancels_at) == ("active", pledge.paid_through)
    assert "You stopped it. It ends on 10 July 2026" in flat(reader.get("/account").text)
    assert counter.sandbox_list("subscription")[0]["cancel_at_period_end"] is True

    assert reader.submit("/account/keep", at="/account").status_code == 303
    assert counter.pledge().cancels_at is None
    assert counter.sandbox_list("subscription")[0]["cancel_at_period_end"] is False


def test_at_the_end_of_the_paid_time_it_is_over_and_was_the_patrons_wish(counter: Counter) -> None:
    counter.become_patron(amount="5")
    counter.signed_in().submit("/account/stop")
    counter.settle()
    paid_through = counter.pledge().paid_through

    counter.clock.advance(days=31)
    counter.settle()

    pledge = counter.pledge()
    assert (pledge.state, pledge.ended_at, pledge.end_reason) == (
        "ended", paid_through, "voluntary",
    )  # fmt: skip
    assert "Your pledge ended on 10 July 2026." in flat(counter.signed_in().get("/account").text)
    assert len(counter.sandbox_list("charge")) == 1


def test_a_mail_tells_that_it_was_stopped_and_takes_it_back(counter: Counter) -> None:
    counter.become_patron(amount="5")
    counter.signed_in().submit("/account/stop")
    counter.settle()

    (mail,) = counter.mails("pledge_stopped")
    (link,) = MANAGE.findall(mail.text)
    stranger = counter.reader()
    assert stranger.submit(f"{link}/keep", at=link).status_code == 303
    assert counter.pledge().cancels_at is None


def test_stopping_twice_and_in_two_tabs_is_one_stop(counter: Counter) -> None:
    counter.become_patron(amount="5")
    reader = counter.signed_in()
    page = reader.get("/account/stop").text
    token = fields(page, "/account/stop")

    answers = [reader.post("/account/stop", data=token).status_code for _ in range(2)]

    assert answers == [303, 303]
    assert counter.count(StripeRequest, StripeRequest.action.like("subscription%")) == 1


def test_a_stop_whose_answer_was_lost_does_not_undo_a_later_keep(counter: Counter) -> None:
    counter.become_patron(amount="5")
    reader = counter.signed_in()
    counter.sandbox.fault("refuse", path="/v1/subscriptions", requests=2)
    assert reader.submit("/account/stop").status_code == 503
    counter.sandbox.clear_faults()
    reader.submit("/account/stop")
    reader.submit("/account/keep", at="/account")

    counter.clock.advance(minutes=30)
    counter.settle()

    assert counter.pledge().cancels_at is None
    assert counter.sandbox_list("subscription")[0]["cancel_at_period_end"] is False


def test_a_pledge_whose_charge_failed_ends_at_once_and_is_tried_no_more(counter: Counter) -> None:
    counter.become_patron(amount="5", after_first="insufficient_funds")
    counter.clock.advance(days=32)
    counter.settle()
    assert counter.pledge().state == "past_due"
    reader = counter.signed_in()

    assert "It ends today, because no paid time is left." in reader.get("/account/stop").text
    assert reader.submit("/account/stop").status_code == 303
    counter.settle()

    assert (counter.pledge().state, counter.pledge().end_reason) == ("ended", "voluntary")
    tries = len(counter.sandbox_list("charge"))
    counter.clock.advance(days=20)
    assert len(counter.sandbox_list("charge")) == tries


def test_the_link_in_the_receipt_stops_and_lowers_without_signing_in(counter: Counter) -> None:
    counter.become_patron(amount="10")
    (link,) = MANAGE.findall(counter.mails("welcome")[0].text)
    stranger = counter.reader()
    assert "You give 10 € a month." in flat(stranger.get(link).text)

    page = stranger.get(link, query_string={"amount": "3"}).text
    assert "instead of 10 €, from 10 July 2026 on." in flat(page)
    lowered = stranger.submit(f"{link}/lower", _shown(page, f"{link}/lower"), at=link)
    assert lowered.status_code == 303
    assert counter.pledge().total == 300

    assert stranger.submit(f"{link}/stop", at=link).status_code == 303
    assert counter.pledge().cancels_at is not None


def test_from_a_mail_nothing_is_raised(counter: Counter) -> None:
    counter.become_patron(amount="5")
    link = linking.address(counter.house.settings, counter.pledge().ref)

    answer = counter.reader().submit(f"{link}/lower", {"amount": "8"}, at=link)

    assert answer.status_code == 422
    assert "From a mail a pledge can be lowered." in answer.text
    assert counter.pledge().total == 500


def test_opening_the_link_changes_nothing_and_tells_nothing_of_the_person(
    counter: Counter,
) -> None:
    counter.become_patron(amount="5")
    link = linking.address(counter.house.settings, counter.pledge().ref)
    counter.sandbox.counts(reset=True)

    for method in ("get", "head"):
        page = getattr(counter.reader(), method)(link)
        assert page.status_code == 200
        assert "example.org" not in page.text
        assert "Able" not in page.text

    assert counter.sandbox.counts()["writes"] == 0
    for verb in ("stop", "keep", "lower"):
        assert counter.reader().get(f"{link}/{verb}").status_code == 405


def test_a_foreign_or_old_link_is_answered_calmly(counter: Counter) -> None:
    counter.become_patron(amount="5")
    link = linking.address(counter.house.settings, counter.pledge().ref)

    assert counter.reader().get("/manage/abc.def.ghi").status_code == 410
    assert counter.reader().get(link[:-2] + "xx").status_code == 410
    with time_machine.travel(wall_clock() + timedelta(days=31)):
        answer = counter.reader().get(link)
    assert answer.status_code == 410
    assert "This link has run out" in answer.text


def test_another_persons_pages_are_not_there(counter: Counter) -> None:
    counter.become_patron(email="bo@example.org", amount="5")
    reader = counter.signed_in()

    assert "You have no pledge." in reader.get("/account").text
    assert reader.get("/account/change").status_code == 409
    assert reader.get("/account/receipts/1").status_code == 404
    assert reader.get(f"/account/receipts/{2**63}").status_code == 404
    assert reader.submit("/account/stop", at="/account").status_code == 409
    assert counter.pledge(Pledge.state == "active").cancels_at is None


def test_who_is_not_signed_in_is_asked_to(counter: Counter) -> None:
    for path in ("/account", "/account/change", "/account/stop", "/account/payments",
                 "/account/receipts/1", "/account/consents"):  # fmt: skip
        answer = counter.reader().get(path)
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/sign-in?next=")


def test_the_page_to_stop_says_the_same_to_everyone_and_mails_who_gives(counter: Counter) -> None:
    counter.become_patron(amount="5")

    known = counter.reader().submit("/stop", {"email": "Ann@example.org"})
    unknown = counter.reader().submit("/stop", {"email": "nobody@example.org"})
    counter.settle()

    token = re.compile(r'value="[^"]*"')
    assert token.sub("", known.text) == token.sub("", unknown.text)
    assert known.status_code == unknown.status_code == 200
    (mail,) = counter.mails("manage_link")
    assert mail.to_address == "ann@example.org"
    (link,) = MANAGE.findall(mail.text)
    assert counter.reader().submit(f"{link}/stop", at=link).status_code == 303
    assert counter.pledge().cancels_at is not None


def test_who_gives_no_more_is_told_so_by_mail(counter: Counter) -> None:
    counter.become_patron(amount="20", interval="once")

    counter.reader().submit("/stop", {"email": "ann@example.org"})
    counter.settle()

    (mail,) = counter.mails("manage_link")
    assert "Nothing is charged." in mail.text
    assert "/manage/" not in mail.text


def test_asking_for_links_for_ever_is_refused(counter: Counter) -> None:
    reader = counter.reader()
    for _ in range(10):
        assert reader.submit("/stop", {"email": "ann@example.org"}).status_code == 200

    answer = reader.submit("/stop", {"email": "ann@example.org"})

    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert 'value="ann@example.org"' in answer.text


def test_nobody_is_sent_more_than_five_links_a_day(counter: Counter) -> None:
    counter.become_patron(amount="5")
    for number in range(8):
        where = {"REMOTE_ADDR": f"192.0.2.{number}"}
        answer = counter.reader().submit("/stop", {"email": ANN}, environ_overrides=where)
        assert answer.status_code == 200
    counter.settle()
    assert len(counter.mails("manage_link")) == 5

    counter.clock.advance(days=1, minutes=1)
    counter.reader().submit("/stop", {"email": ANN})
    counter.settle()
    assert len(counter.mails("manage_link")) == 6


def test_a_pledge_is_not_changed_for_ever(counter: Counter) -> None:
    counter.become_patron(amount="5")
    reader = counter.signed_in()
    for number in range(20):
        send_change(reader, amount=str(6 + number))

    answer = send_change(reader, amount="3")

    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_another_card_shows_in_the_sentence(counter: Counter) -> None:
    counter.become_patron(amount="5", card=GOOD)

    assert "from the card ending 4242" in flat(counter.signed_in().get("/account").text)
