"""The sandbox's dashboard in a real browser without a script."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.browsing import Site, phone, press, served
from tests.sandbox.shopping import DEBIT, GOOD, Shop

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from app.sandbox import WiredSandbox
    from tests.contract.report import Report


@pytest.fixture
def site(sandbox: WiredSandbox, shop: Shop, contract_report: Report) -> Iterator[Site]:
    with served(sandbox, shop, contract_report) as made:
        yield made


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with phone(chromium) as opened:
        yield opened


@pytest.mark.browser
def test_the_desk_moves_the_clock_by_a_month_and_the_subscription_renews(
    site: Site, page: Page
) -> None:
    subscription = site.shop.subscription(GOOD)
    page.goto(f"{site.url}/sandbox/")
    assert "Saturday, 31 January 2026" in page.locator("main").inner_text()

    press(page, "On by a month")

    assert "The clock has moved." in page.get_by_role("status").inner_text()
    assert "Saturday, 28 February 2026" in page.locator("main").inner_text()
    page.get_by_label("On to this time").fill("2026-03-02T09:30")
    press(page, "Go on")
    assert "Monday, 2 March 2026, 09:30" in page.locator("main").inner_text()
    renewed = site.shop.client.v1.invoices.list({"subscription": subscription.id}).data
    assert [one.status for one in renewed] == ["paid", "paid"]


@pytest.mark.browser
def test_the_desk_gives_back_a_part_and_then_the_rest(site: Site, page: Page) -> None:
    site.shop.buy(GOOD, amount=550)
    page.goto(f"{site.url}/sandbox/")

    page.get_by_label("Part of 5.50").fill("2,00")
    press(page, "Refund this part")

    assert "The money was given back." in page.get_by_role("status").inner_text()
    assert "paid, 2\u00a0€ given back" in page.locator("main").inner_text()

    press(page, "Refund all")

    charge = site.shop.client.v1.charges.list().data[0]
    assert (charge.refunded, charge.amount_refunded) == (True, 550)
    assert page.get_by_role("button", name="Refund all").count() == 0


@pytest.mark.browser
def test_the_desk_lets_the_next_charge_fail_and_then_succeed(site: Site, page: Page) -> None:
    subscription = site.shop.subscription(GOOD)
    page.goto(f"{site.url}/sandbox/")

    page.get_by_role("combobox", name="Next charge of ann@").select_option("insufficient_funds")
    press(page, "Set the next charge")
    press(page, "On by a month")
    press(page, "On by a day")

    def status() -> str:
        return str(site.shop.client.v1.subscriptions.retrieve(subscription.id).status)

    assert status() == "past_due"
    page.get_by_role("combobox", name="Next charge of ann@").select_option("pays")
    press(page, "Set the next charge")
    press(page, "On by a week")
    assert status() == "active"


@pytest.mark.browser
@pytest.mark.parametrize(("answer", "ends"), [("It pays", "paid"), ("It refuses", "unpaid")])
def test_the_desk_decides_what_a_bank_says(site: Site, page: Page, answer: str, ends: str) -> None:
    made = site.shop.buy(DEBIT, interval=None)
    page.goto(f"{site.url}/sandbox/")

    page.locator("button", has_text=answer).click()

    assert "The bank has answered." in page.get_by_role("status").inner_text()
    assert "None. A payment by bank debit waits here" in page.locator("main").inner_text()
    assert site.session(made["session"]).payment_status == ends


@pytest.mark.browser
def test_the_desk_sends_an_event_again(site: Site, page: Page, postbox: Any) -> None:
    def arrived() -> int:
        return int(postbox.types().count("checkout.session.completed"))

    site.shop.buy(GOOD)
    _wait_for(lambda: arrived() == 1)
    page.goto(f"{site.url}/sandbox/")

    press(page, "Send checkout.session.completed again")

    assert "The event was sent again." in page.get_by_role("status").inner_text()
    _wait_for(lambda: arrived() == 2)


@pytest.mark.browser
def test_the_desk_turns_the_knobs_of_disorder(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/sandbox/")

    page.get_by_label("Copies of each event").fill("3")
    page.get_by_label("Share that is never sent").fill("0,25")
    page.get_by_label("Order of a checkout").select_option("B")
    press(page, "Set the disorder")

    knobs = site.shop.sandbox.knobs()
    assert (knobs["duplicate"], knobs["drop"], knobs["order"]) == (3, 0.25, "B")
    page.get_by_label("Copies of each event").fill("many")
    press(page, "Set the disorder")
    assert "This is no value for this knob." in page.get_by_role("status").inner_text()
    assert site.shop.sandbox.knobs()["duplicate"] == 3


def _wait_for(holds: Callable[[], bool]) -> None:
    """Until the sandbox's own thread has done it; fails after five seconds."""
    until = monotonic() + 5
    while not holds():
        assert monotonic() < until
        sleep(0.02)
