"""The Checkout page, asked as a browser asks: what it refuses, keeps, says and leads to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from werkzeug.test import Client, TestResponse

from app.sandbox.pages_notes import Notes
from tests.sandbox.browsing import token_on
from tests.sandbox.shopping import BACK, DEBIT, EMPTY, GOOD, SECURED, Shop

if TYPE_CHECKING:
    from app.sandbox import WiredSandbox

CARD = {"method": "card", "number": GOOD, "expiry": "12/34", "cvc": "123", "name": "Ann"}


@pytest.fixture
def browser(sandbox: WiredSandbox) -> Client:
    return Client(sandbox.wsgi)


def page_of(session_id: str) -> str:
    return f"/sandbox/checkout/{session_id}"


def pay(browser: Client, session_id: str, **changes: str) -> TestResponse:
    address = page_of(session_id)
    return browser.post(address, data=CARD | {"token": token_on(browser, address)} | changes)


def test_paying_answers_303_to_the_shop_with_the_session_in_the_address(
    browser: Client, shop: Shop
) -> None:
    session = shop.session()

    answer = pay(browser, session.id)

    assert answer.status_code == 303
    assert answer.location == BACK.replace("{CHECKOUT_SESSION_ID}", session.id)


def test_a_paid_session_leads_to_the_shop_from_every_address(browser: Client, shop: Shop) -> None:
    session_id = shop.buy(GOOD)["session"]
    back = BACK.replace("{CHECKOUT_SESSION_ID}", session_id)

    for answer in (
        browser.get(page_of(session_id)),
        browser.post(page_of(session_id), data=CARD),
        browser.get(f"{page_of(session_id)}/challenge"),
        browser.post(f"{page_of(session_id)}/challenge", data={"answer": "complete"}),
    ):
        assert (answer.status_code, answer.location) == (303, back)
    assert len(shop.client.v1.charges.list().data) == 1


def test_a_closed_session_says_so_and_leads_back(browser: Client, shop: Shop) -> None:
    expired = shop.session(cancel_url="https://news.example/join")
    late = shop.session()
    shop.client.v1.checkout.sessions.expire(expired.id)

    said = browser.get(page_of(expired.id))
    assert said.status_code == 410
    assert "This payment page has closed" in said.text
    assert 'href="https://news.example/join"' in said.text

    shop.sandbox.advance(seconds=2 * 86_400)
    assert browser.post(page_of(late.id), data=CARD).status_code == 410


@pytest.mark.parametrize("path", ["cs_none", "cus_1", "%00", "a%2Fb", "x" * 3000])
def test_an_unknown_session_is_a_page_of_its_own(browser: Client, shop: Shop, path: str) -> None:
    answer = browser.get(f"/sandbox/checkout/{path}")

    assert answer.status_code == 404
    assert "<h1>" in answer.text


def test_another_kind_of_object_is_no_session(browser: Client, shop: Shop) -> None:
    assert browser.get(page_of(shop.product)).status_code == 404


@pytest.mark.parametrize("token", ["", "wrong", "ї"])
def test_a_form_that_no_page_has_shown_pays_nothing_and_keeps_what_was_typed(
    browser: Client, shop: Shop, token: str
) -> None:
    session = shop.session()

    answer = pay(browser, session.id, token=token)

    again = browser.get(answer.location)
    assert answer.status_code == 303
    assert "This page had grown old." in again.text
    assert f'value="{GOOD}"' in again.text
    assert shop.client.v1.charges.list().data == []


def test_the_token_of_one_session_does_not_pay_another(browser: Client, shop: Shop) -> None:
    one, other = shop.session(), shop.session()

    pay(browser, other.id, token=token_on(browser, page_of(one.id)))

    assert shop.client.v1.charges.list().data == []


def test_what_one_reader_typed_stands_on_no_other_page(browser: Client, shop: Shop) -> None:
    one, other = shop.session(), shop.session()

    pay(browser, one.id, number=EMPTY)

    assert EMPTY in browser.get(page_of(one.id)).text
    assert f'value="{EMPTY}"' not in browser.get(page_of(other.id)).text


def test_an_address_that_the_shop_has_set_cannot_be_changed(browser: Client, shop: Shop) -> None:
    session = shop.session(customer_email="set@example.org")

    pay(browser, session.id, email="other@example.org")

    paid = shop.client.v1.checkout.sessions.retrieve(session.id)
    assert paid.customer_details is not None
    assert paid.customer_details.email == "set@example.org"


def test_without_an_address_from_the_shop_the_reader_gives_one(browser: Client, shop: Shop) -> None:
    price = shop.client.v1.prices.create(
        {"currency": "eur", "unit_amount": 500, "product": shop.product}
    )
    session = shop.client.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "line_items": [{"price": price.id, "quantity": 2}],
            "success_url": BACK,
        }
    )

    missing = browser.get(pay(browser, session.id).location)
    paid = pay(browser, session.id, email="given@example.org")

    assert "Enter an e-mail address." in missing.text
    assert "Coffee × 2" in missing.text
    assert paid.location.endswith(session.id)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"number": ""}, "Enter a card number."),
        ({"number": "4242 4242 4242 4241"}, "This is no card number."),
        ({"number": DEBIT}, "This is no card number."),
        ({"expiry": "soon"}, "Enter the month and the year, such as 12 / 34."),
        ({"expiry": "13/34"}, "There are twelve months."),
        ({"expiry": "12/25"}, "This date has passed."),
        ({"cvc": "12"}, "Enter the three or four digits."),
        ({"name": " "}, "Enter a name."),
        ({"method": "debit", "iban": ""}, "Enter a bank account."),
        ({"method": "debit", "iban": "UA21"}, "This is no bank account of the sandbox."),
        ({"method": "debit", "iban": GOOD}, "This is no bank account of the sandbox."),
    ],
)
def test_what_cannot_be_is_said_and_not_tried(
    browser: Client, shop: Shop, typed: dict[str, str], message: str
) -> None:
    session = shop.session()

    again = browser.get(pay(browser, session.id, **typed).location)

    assert message in again.text
    assert shop.client.v1.payment_intents.list().data == []


@pytest.mark.parametrize("expiry", ["12/34", "12 / 34", "1234", "12-2034", "01/26"])
def test_a_date_may_be_written_in_several_ways(browser: Client, shop: Shop, expiry: str) -> None:
    assert pay(browser, shop.session().id, expiry=expiry).location.startswith(BACK[:40])


def test_text_with_markup_comes_back_as_text(browser: Client, shop: Shop) -> None:
    session = shop.session()

    again = browser.get(pay(browser, session.id, name='"><b>x', number=EMPTY).location)

    assert "<b>x" not in again.text
    assert "&#34;&gt;&lt;b&gt;x" in again.text


def test_a_challenge_asks_only_while_a_payment_waits_for_it(browser: Client, shop: Shop) -> None:
    session = shop.session()
    challenge = f"{page_of(session.id)}/challenge"
    assert browser.get(challenge).location == page_of(session.id)

    assert pay(browser, session.id, number=SECURED).location == challenge
    foreign = browser.post(challenge, data={"answer": "complete", "token": "x"})
    assert foreign.location == challenge

    token = token_on(browser, challenge)
    paid = browser.post(challenge, data={"answer": "complete", "token": token})
    assert paid.location.endswith(session.id)


def test_pages_allow_no_script_and_no_other_host_but_the_shops(browser: Client, shop: Shop) -> None:
    page = browser.get(page_of(shop.session().id))

    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'")
    assert policy.endswith("form-action 'self' http://localhost:8000")
    assert page.headers["Cache-Control"] == "no-store"
    assert "<script" not in page.text
    assert "style=" not in page.text
    assert re.findall(r'(?:src|href)="(https?:[^"]+)"', page.text) == []


def test_the_oldest_notes_make_room_for_new_ones() -> None:
    notes: Notes[str] = Notes(most=2)
    for key in ("a", "b", "c"):
        notes.keep(key, key.upper())

    assert [notes.read(key) for key in ("a", "b", "c")] == [None, "B", "C"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 303),
        ("/sandbox", 303),
        ("/sandbox/", 200),
        ("/sandbox/static/sandbox.css", 200),
        ("/sandbox/static/icon.svg", 200),
        ("/sandbox/static/../pages.py", 404),
        ("/sandbox/static/..%2Fpages.py", 404),
        ("/sandbox/static/none.css", 404),
        ("/sandbox/nowhere", 404),
        ("/elsewhere", 404),
    ],
)
def test_only_the_pages_own_addresses_answer(browser: Client, path: str, status: int) -> None:
    assert browser.get(path).status_code == status


def test_unknown_forms_and_methods_answer_404(browser: Client) -> None:
    assert browser.post("/sandbox/nowhere").status_code == 404
    assert browser.post("/sandbox/a/b").status_code == 404
    assert browser.put("/sandbox/clock").status_code == 404
    assert browser.head("/sandbox/").status_code == 200
