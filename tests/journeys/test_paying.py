"""Cards that ask, cards that are refused, and money that takes days."""

from __future__ import annotations

import pytest

from tests.journeys import scenario
from tests.journeys.conftest import Visit, mostly_with_script, mostly_without_script
from tests.journeys.scenario import Newsroom
from tests.journeys.site import Site
from tests.journeys.visitor import Visitor
from tests.journeys.walker import Walker

pytestmark = pytest.mark.browser

GOOD, ASKS, EMPTY = "4242424242424242", "4000002500003155", "4000000000009995"
DEBIT = "DE89370400440532013000"
THANKS = "Thank you. You are one of"


@mostly_with_script
def test_a_card_that_asks_for_3d_secure_pays_once_the_bank_is_answered(
    newsroom: Newsroom, visit: Visit, script: bool
) -> None:
    reader = at_the_checkout(newsroom.site, visit, f"secured-{script}@example.org".lower(), script)

    reader.pay(ASKS)
    reader.page.wait_for_url("**/challenge")
    reader.page.locator("button[value=complete]").click()

    reader.is_thanked(THANKS)
    reader.reads("Your first vote is open")


@mostly_without_script
def test_a_bank_that_is_not_confirmed_charges_nothing(
    newsroom: Newsroom, visit: Visit, script: bool
) -> None:
    reader = at_the_checkout(newsroom.site, visit, f"unsure-{script}@example.org".lower(), script)

    reader.pay(ASKS)
    reader.page.wait_for_url("**/challenge")
    reader.page.locator("button[value=fail]").click()

    reader.reads("Nothing was charged.")


@mostly_with_script
def test_a_card_without_money_is_refused_and_a_second_one_pays(
    newsroom: Newsroom, visit: Visit, script: bool
) -> None:
    reader = at_the_checkout(newsroom.site, visit, f"empty-{script}@example.org".lower(), script)

    reader.pay(EMPTY)
    reader.reads("Nothing was charged. Another card usually works.")
    reader.pay(GOOD)

    reader.is_thanked(THANKS)


def test_money_that_takes_days_gives_a_vote_when_it_comes(own_site: Site, visit: Visit) -> None:
    email = "slow@example.org"
    editor = scenario.founded(own_site)
    running = scenario.open_round(editor, [1, 2, 3], days=8)
    reader = at_the_checkout(own_site, visit, email, script=False)

    reader.pay(DEBIT)
    reader.is_thanked("Your payment is on its way.")
    own_site.settle()
    reader.page.reload()
    reader.reads("Your vote begins when it arrives.")
    reader.sign_in_by_code(email)
    reader.reads("Your first payment is on its way.")
    reader.open(f"/rounds/{running}")
    reader.reads("Your first payment is still on its way.")
    assert reader.page.locator("[name=choice]").count() == 0

    own_site.pass_time(days=4)
    reader.page.reload()
    reader.page.locator("[name=choice]").first.check()
    reader.page.locator("main form[action$='/ballot'] button").click()
    reader.reads("Your ballot is saved, and saved is counted.")
    own_site.mail(email, "welcome")


def at_the_checkout(site: Site, visit: Visit, email: str, script: bool) -> Visitor:
    """A reader who chose 5 € a month and is on the page to pay on."""
    reader = visit(site, script=script)
    reader.open("/join?amount=5")
    reader.send_join(email)
    return reader


def test_a_debit_that_comes_back_gives_no_vote(own_site: Site) -> None:
    email = "bounced@example.org"
    scenario.founded(own_site)
    checkout = Walker(own_site).begin(email, "?amount=5")
    own_site.control("pay", session=checkout, card="DE62370400440532013001", name="No Money")
    own_site.settle()
    own_site.pass_time(days=4)

    page = Walker(own_site).open(f"/join/thanks?session_id={checkout}")

    assert "The payment did not go through." in page
    own_site.mail(email, "payment_failed")
    assert not own_site.mails(email, "welcome")
