"""The dashboard, asked as a browser asks: whom it obeys, and what it tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import Client, TestResponse

from app.sandbox.pages_overview import overview
from tests.sandbox.browsing import token_on
from tests.sandbox.shopping import DEBIT, EMPTY, GOOD, Shop

if TYPE_CHECKING:
    from app.sandbox import WiredSandbox

NO_BREAK = "\u00a0"


@pytest.fixture
def browser(sandbox: WiredSandbox) -> Client:
    return Client(sandbox.wsgi)


def act(browser: Client, name: str, **given: Any) -> TestResponse:
    """Send a form of the dashboard and look at the page after it."""
    token = token_on(browser, "/sandbox/")
    answer = browser.post(f"/sandbox/{name}", data={"token": token, **given})
    assert answer.status_code == 303
    return browser.get(answer.location)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_the_desk_does_nothing_for_another_site(
    browser: Client, shop: Shop, headers: dict[str, str]
) -> None:
    shop.buy(GOOD)
    charge = shop.client.v1.charges.list().data[0].id
    form = {"token": token_on(browser, "/sandbox/"), "charge": charge, "all": "yes"}

    answer = browser.post("/sandbox/refund", data=form, headers=headers)

    assert answer.status_code == 403
    assert shop.client.v1.refunds.list().data == []


def test_the_desk_does_nothing_without_its_token(browser: Client, shop: Shop) -> None:
    before = shop.sandbox.now()

    assert browser.post("/sandbox/clock", data={"by": "month"}).status_code == 403
    assert shop.sandbox.now() == before


@pytest.mark.parametrize(
    ("name", "form", "said"),
    [
        ("clock", {"to": "yesterday"}, "This is no time."),
        ("clock", {"to": "2020-01-01T00:00"}, "The clock does not go back."),
        ("clock", {"to": "9999-01-01T00:00"}, "The clock ends with the year 2099."),
        ("refund", {"charge": "ch_none", "all": "yes"}, "No such charge"),
        ("debit", {"charge": "ch_none", "answer": "yes"}, "No such charge"),
        ("resend", {"event": "evt_none"}, "No such event"),
        ("next-charge", {"method": "pm_none", "outcome": "pays"}, "No such"),
        ("next-charge", {"method": "pm_none", "outcome": "x"}, "This is no way for a charge"),
        ("knobs", {"duplicate": "9"}, "This is no value for this knob."),
    ],
)
def test_the_desk_says_what_cannot_be_done(
    browser: Client, shop: Shop, name: str, form: dict[str, str], said: str
) -> None:
    assert said in act(browser, name, **form).text


def test_the_desk_sets_the_currency_of_settlement(browser: Client, sandbox: WiredSandbox) -> None:
    fields: dict[str, str] = {"duplicate": "1", "reorder": "0", "delay": "0", "drop": "0"}
    fields |= {"same_second": "0", "seed": "0", "retry_days": "3, 5, 7", "after_retries": "cancel"}

    said = act(browser, "knobs", settlement="EUR", **fields).text

    assert "The disorder is set." in said
    assert 'name="settlement" value="eur"' in said
    assert sandbox.knobs()["settlement"] == "eur"


@pytest.mark.parametrize("amount", ["", "0", "-1", "1.999", "1e2", "x", "٣", "9" * 40])
def test_the_desk_gives_back_no_amount_that_is_none(
    browser: Client, shop: Shop, amount: str
) -> None:
    shop.buy(GOOD)
    charge = shop.client.v1.charges.list().data[0].id

    assert "This is no amount." in act(browser, "refund", charge=charge, amount=amount).text
    assert shop.client.v1.refunds.list().data == []


def test_the_desk_gives_back_no_more_than_was_paid(browser: Client, shop: Shop) -> None:
    shop.buy(GOOD, amount=500)
    charge = shop.client.v1.charges.list().data[0].id

    assert "is greater than" in act(browser, "refund", charge=charge, amount="5.01").text


def test_an_event_that_nobody_wants_cannot_be_sent_again(browser: Client, shop: Shop) -> None:
    shop.buy(GOOD)
    event = shop.client.v1.events.list().data[0].id
    for endpoint in shop.client.v1.webhook_endpoints.list().data:
        shop.client.v1.webhook_endpoints.delete(endpoint.id)

    assert "No endpoint wants this event." in act(browser, "resend", event=event).text


def test_the_desk_finds_a_customer_by_a_part_of_the_address(browser: Client, shop: Shop) -> None:
    shop.buy(GOOD, customer_email="olena@example.org")
    shop.buy(GOOD, customer_email="ivan@example.org")

    found = browser.get("/sandbox/?q=OLENA").text

    assert "olena@example.org" in found
    assert "ivan@example.org" not in found


def test_the_overview_tells_each_customer_payment_and_event(
    sandbox: WiredSandbox, shop: Shop
) -> None:
    shop.buy(GOOD, amount=550)
    shop.buy(DEBIT, customer_email="debit@example.org")
    shop.buy(EMPTY, customer_email="empty@example.org")
    sandbox.deliver()

    with sandbox.act() as opened:
        desk = overview(opened, "en")

    first = desk.customers[-1]
    assert (first.name, first.outcome) == ("ann@example.org", "pays")
    assert first.subscription == f"5.50{NO_BREAK}€ each month, active"
    assert first.renews == "28 Feb 2026, 12:00:00"
    assert [one.customer for one in desk.debits] == ["debit@example.org"]
    assert [(one.state, one.left) for one in desk.payments] == [
        ("failed: card_declined", ""),
        ("pending", ""),
        ("paid", "5.50"),
    ]
    assert desk.events[0].type == "payment_intent.payment_failed"
    assert desk.events[0].about.startswith("pi_")
    assert desk.events[0].deliveries == "delivered 200 ×1"
    assert desk.clock_field == "2026-01-31T12:00"
