"""The join page in a browser: choosing, confirming, errors, doubles, the way to the checkout."""

from __future__ import annotations

import pytest

from tests.journeys.conftest import Visit, mostly_with_script, mostly_without_script
from tests.journeys.scenario import ANN, Newsroom
from tests.journeys.visitor import Visitor
from tests.journeys.walker import Walker

pytestmark = pytest.mark.browser

GOOD = "4242424242424242"


def test_choosing_says_what_will_be_charged(newsroom: Newsroom, visit: Visit, script: bool) -> None:
    reader = visit(newsroom.site, script=script, width=360)
    reader.open("/join?campaign=tram")

    reader.choose("interval", "once")
    reader.reads("once, today. Nothing is repeated.")
    reader.choose("preset", "25")
    reader.reads("You will be charged 25 € once, today.")

    assert "interval=once" in reader.page.url
    assert "campaign=tram" in reader.page.url


def test_a_free_amount_is_confirmed_on_the_same_page(newsroom: Newsroom, visit: Visit) -> None:
    reader = visit(newsroom.site, script=False)
    reader.open("/join?amount=3")

    reader.fill(email="free@example.org", amount="7")
    reader.page.locator("#charge button").click()
    reader.reads("You chose another amount than this page showed.")
    reader.reads("You will be charged 7 € today")
    assert reader.page.locator("[name=email]").input_value() == "free@example.org"
    reader.page.locator("#charge button").click()

    reader.page.wait_for_url(f"{newsroom.site.stripe}/sandbox/checkout/**")
    assert "To pay today 7 €" in reader.says()


def test_a_free_amount_is_shown_in_place_where_a_script_runs(
    newsroom: Newsroom, visit: Visit
) -> None:
    reader = visit(newsroom.site)
    reader.open("/join?amount=3")

    reader.fill(amount="7")
    reader.reads("You will be charged 7 € today")
    reader.send_join("shown@example.org")


def test_errors_come_back_with_what_was_typed(
    newsroom: Newsroom, visit: Visit, script: bool
) -> None:
    reader = visit(newsroom.site, script=script)
    reader.open("/join")

    reader.fill(email="nobody", amount="5.999")
    reader.page.locator("#charge button").click()

    reader.page.locator("#errors").wait_for()
    assert reader.page.locator("#errors li").count() == 2
    assert reader.page.locator("[name=email]").input_value() == "nobody"
    assert reader.page.locator("[name=amount]").input_value() == "5.999"


@mostly_with_script
def test_two_tabs_and_a_double_click_are_one_checkout_session(
    newsroom: Newsroom, visit: Visit, script: bool
) -> None:
    reader = visit(newsroom.site, script=script)
    reader.open("/join?amount=5")
    reader.fill(email=f"double-{script}@example.org".lower())
    reader.page.locator("#charge button").dblclick()
    first = _checkout(reader)

    reader.page.go_back()
    reader.page.locator("#charge button").click()
    again = _checkout(reader)

    assert first == again


@mostly_without_script
def test_a_second_pledge_of_an_unknown_browser_is_sent_back_and_told(
    newsroom: Newsroom, visit: Visit, script: bool
) -> None:
    email = f"twice-{script}@example.org".lower()
    Walker(newsroom.site).join(email, "?amount=5")
    reader = visit(newsroom.site, script=script)
    reader.open("/join?amount=10")
    reader.send_join(email)
    reader.pay(GOOD)

    reader.is_thanked("You already had a pledge.")
    newsroom.site.settle()
    newsroom.site.mail(email, "second_pledge")
    reader.sign_in_by_code(email)
    reader.reads("You give 5 € a month")


def test_who_is_signed_in_is_told_of_their_pledge(newsroom: Newsroom, visit: Visit) -> None:
    reader = visit(newsroom.site, script=False)
    reader.sign_in_by_code(ANN)
    reader.open("/join")

    reader.reads("You already give 3 € a month.")


def _checkout(reader: Visitor) -> str:
    """Where to pay. A second click cuts the way of the first short, so no way is waited for."""
    reader.page.locator("a[href*='use=']").first.wait_for()
    return reader.page.url
