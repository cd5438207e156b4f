"""The Checkout page in a real browser without a script, and every page under axe."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING, Literal

import pytest

from tests import axe
from tests.sandbox.browsing import Site, phone, press, served
from tests.sandbox.shopping import BAD_DEBIT, DEBIT, EMPTY, GOOD, SECURED, Shop

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from app.sandbox import WiredSandbox
    from tests.contract.report import Report

LOCALES = ("en-GB", "uk-UA")
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = (360, 1280)


@pytest.fixture
def site(sandbox: WiredSandbox, shop: Shop, contract_report: Report) -> Iterator[Site]:
    with served(sandbox, shop, contract_report) as made:
        yield made


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with phone(chromium) as opened:
        yield opened


def type_card(page: Page, number: str) -> None:
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiry").fill("12 / 34")
    page.get_by_label("Security code").fill("123")
    page.get_by_label("Name on the card").fill("Ann Reader")


def type_account(page: Page, number: str) -> None:
    page.get_by_label("Bank debit").check()
    page.get_by_label("Bank account").fill(number)
    page.get_by_label("Name on the card or account").fill("Ann Reader")


@pytest.mark.browser
def test_a_good_card_pays_and_leads_back_to_the_shop(site: Site, page: Page) -> None:
    session_id, address = site.checkout()
    page.goto(address)
    type_card(page, GOOD)

    press(page, "Pay 5 € each month")

    page.wait_for_url(site.after(session_id))
    assert site.session(session_id).payment_status == "paid"


@pytest.mark.browser
def test_the_page_says_what_is_bought_and_who_pays(site: Site, page: Page) -> None:
    text = {"submit": {"message": "You will be charged 7.50 € today and each year."}}
    _, address = site.checkout(amount=750, interval="year", custom_text=text)

    page.goto(address)

    said = page.locator("main").inner_text()
    assert "Coffee" in said
    assert "7.50\u00a0€ each year" in said
    assert "You will be charged 7.50 € today and each year." in said
    assert "Test mode: no real money moves" in page.locator("header").inner_text()
    assert page.get_by_label("E-mail").input_value() == "ann@example.org"


@pytest.mark.browser
def test_an_empty_card_is_refused_with_all_that_was_typed_and_a_second_one_pays(
    site: Site, page: Page
) -> None:
    session_id, address = site.checkout()
    page.goto(address)
    type_card(page, EMPTY)

    press(page, "Pay 5 € each month")

    assert "Your card has insufficient funds." in page.get_by_role("alert").inner_text()
    assert "Nothing was charged." in page.get_by_role("alert").inner_text()
    assert page.get_by_label("Card number").input_value() == EMPTY
    assert page.get_by_label("Name on the card").input_value() == "Ann Reader"
    assert site.session(session_id).status == "open"

    page.get_by_label("Card number").fill(GOOD)
    press(page, "Pay 5 € each month")

    page.wait_for_url(site.after(session_id))
    assert site.session(session_id).payment_status == "paid"


@pytest.mark.browser
def test_reloading_after_a_refusal_sends_nothing_again(site: Site, page: Page) -> None:
    _, address = site.checkout()
    page.goto(address)
    type_card(page, EMPTY)
    press(page, "Pay 5 € each month")
    tried = len(site.shop.client.v1.charges.list().data)

    page.reload()

    assert len(site.shop.client.v1.charges.list().data) == tried == 1


@pytest.mark.browser
def test_the_bank_asks_and_a_confirmed_payment_goes_through(site: Site, page: Page) -> None:
    session_id, address = site.checkout()
    page.goto(address)
    type_card(page, SECURED)

    press(page, "Pay 5 € each month")

    assert page.get_by_role("heading", name="Your bank asks you to confirm").is_visible()
    assert "ends in 3155" in page.locator("main").inner_text()
    assert site.session(session_id).status == "open"

    press(page, "Confirm the payment")

    page.wait_for_url(site.after(session_id))
    assert site.session(session_id).payment_status == "paid"


@pytest.mark.browser
def test_the_bank_asks_and_a_refused_payment_can_be_tried_again(site: Site, page: Page) -> None:
    session_id, address = site.checkout()
    page.goto(address)
    type_card(page, SECURED)
    press(page, "Pay 5 € each month")

    press(page, "Refuse the payment")

    assert "unable to authenticate" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("Card number").input_value() == SECURED
    assert site.session(session_id).status == "open"

    page.get_by_label("Card number").fill(GOOD)
    press(page, "Pay 5 € each month")

    page.wait_for_url(site.after(session_id))


@pytest.mark.browser
@pytest.mark.parametrize(("account", "ends"), [(DEBIT, "paid"), (BAD_DEBIT, "unpaid")])
def test_a_bank_debit_leads_back_at_once_and_is_decided_days_later(
    site: Site, page: Page, account: str, ends: str
) -> None:
    session_id, address = site.checkout(interval=None, amount=2000)
    page.goto(address)
    type_account(page, account)

    press(page, "Pay 20 €")

    page.wait_for_url(site.after(session_id))
    session = site.session(session_id)
    assert (session.status, session.payment_status) == ("complete", "unpaid")

    site.shop.sandbox.advance(seconds=4 * 86_400)

    assert site.session(session_id).payment_status == ends


@pytest.mark.browser
def test_what_is_missing_is_said_beside_its_field_and_above_the_form(
    site: Site, page: Page
) -> None:
    _, address = site.checkout()
    page.goto(address)
    page.get_by_label("Card number").fill("4242 4242")
    page.get_by_label("Expiry").fill("01 / 20")

    press(page, "Pay 5 € each month")

    above = page.get_by_role("alert").inner_text()
    for message in ("This is no card number.", "This date has passed.", "Enter a name."):
        assert message in above
    number = page.get_by_label("Card number")
    assert number.get_attribute("aria-invalid") == "true"
    assert number.input_value() == "4242 4242"
    page.get_by_role("link", name="Enter a name.").click()
    assert page.url.endswith("#name")


@pytest.mark.browser
def test_a_test_card_from_the_list_fills_the_form(site: Site, page: Page) -> None:
    session_id, address = site.checkout()
    page.goto(address)

    page.get_by_role("link", name="4242 4242 4242 4242").click()
    press(page, "Pay 5 € each month")

    page.wait_for_url(site.after(session_id))


@pytest.mark.browser
def test_the_way_back_without_paying_is_a_link(site: Site, page: Page) -> None:
    _, address = site.checkout(cancel_url="https://news.example/join?kept=1")

    page.goto(address)

    back = page.get_by_role("link", name="Back without paying")
    assert back.get_attribute("href") == "https://news.example/join?kept=1"


@pytest.mark.browser
def test_axe_finds_nothing_on_any_page(site: Site, chromium: Browser, in_full: bool) -> None:
    pages = list(_every_page(site).items())
    if in_full:
        for locale, scheme, width in product(LOCALES, SCHEMES, WIDTHS):
            _check_look(chromium, pages, locale=locale, scheme=scheme, width=width)
    else:
        _check_look(chromium, pages[::2], locale="en-GB", scheme="light", width=360)
        _check_look(chromium, pages[1::2], locale="uk-UA", scheme="dark", width=1280)


def _check_look(
    chromium: Browser,
    pages: list[tuple[str, str]],
    *,
    locale: str,
    scheme: Literal["light", "dark"],
    width: int,
) -> None:
    context = chromium.new_context(
        locale=locale,
        color_scheme=scheme,
        viewport={"width": width, "height": 740},
        bypass_csp=True,
    )
    page = context.new_page()
    axe.bring(page)
    for name, address in pages:
        page.goto(address)
        where = f"{name}, {locale}, {scheme}, {width}"
        assert axe.violations(page) == "", where
        across = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert across <= 0, f"{where}: {across} px too wide"
        assert page.locator("html").get_attribute("lang") == locale[:2], where
    context.close()


def _every_page(site: Site) -> dict[str, str]:
    """The addresses of all pages in all their states."""
    shop = site.shop
    shop.buy(GOOD)
    shop.buy(DEBIT)
    shop.buy(EMPTY)
    shop.sandbox.refund(shop.client.v1.charges.list().data[-1].id, 100)
    asked_id, asked = site.checkout()
    shop.sandbox.pay(asked_id, SECURED, name="Ann", outcome="leave")
    expired_id, expired = site.checkout(cancel_url="https://news.example/join")
    shop.client.v1.checkout.sessions.expire(expired_id)
    refused_id, refused = site.checkout(custom_text={"submit": {"message": "You will pay."}})
    shop.sandbox.pay(refused_id, EMPTY, name="Ann")
    return {
        "checkout": refused,
        "checkout once": site.checkout(interval=None, currency="uah", amount=25_000)[1],
        "filled in": f"{refused}?use=DE89370400440532013000",
        "challenge": f"{asked}/challenge",
        "expired": expired,
        "unknown": f"{site.url}/sandbox/checkout/cs_nothing",
        "desk": f"{site.url}/sandbox/",
        "desk, nobody found": f"{site.url}/sandbox/?q=nobody",
        "no page": f"{site.url}/sandbox/nowhere",
    }
