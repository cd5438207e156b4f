"""What cannot be taken is refused beside its field, and what was typed comes back."""

from __future__ import annotations

import pytest
from markupsafe import escape

from app.membership.models import SignUp
from tests.membership.counter import Counter
from tests.membership.paper import fields

REFUSED = [
    "5.999", "0", "-1", "1e9", "1,000", "1.000", "٣", "NaN", "9" * 5000, "1.99", "1000.01", "five",
]  # fmt: skip


@pytest.fixture(params=["sqlite"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """Forms ask the same of both databases; where it could differ, a test asks for both."""
    return str(request.param)


@pytest.mark.parametrize("amount", ["5,00", "5.00", "5"])
@pytest.mark.parametrize("language", ["en", "uk"])
def test_comma_and_point_are_accepted_in_both_languages(
    counter: Counter, amount: str, language: str
) -> None:
    reader = counter.reader()
    reader.get(f"/join?lang={language}")

    assert counter.send(reader, amount=amount, preset="-").status_code == 303
    assert (counter.sign_up().amount, counter.sign_up().language) == (500, language)


@pytest.mark.parametrize("amount", REFUSED)
def test_an_amount_that_cannot_be_given_comes_back_with_kind_words(
    counter: Counter, amount: str
) -> None:
    reader = counter.reader()

    answer = counter.send(
        reader, amount=amount, interval="year", know_me="1", campaign="tram", shown="-"
    )

    assert answer.status_code == 422
    assert 'id="amount-error"' in answer.text
    back = fields(answer.text, "/join")
    assert back["amount"] == amount
    assert (back["email"], back["interval"]) == ("ann@example.org", "year")
    assert (back["know_me"], back["campaign"]) == ("1", "tram")
    assert "on_wall" not in back
    assert counter.count(SignUp) == 0


def test_an_empty_amount_without_a_card_is_refused(counter: Counter) -> None:
    answer = counter.send(counter.reader(), amount="", preset="-", shown="-")

    assert answer.status_code == 422
    assert "Choose an amount, or write one." in answer.text


def test_an_unknown_currency_is_refused_and_the_rest_comes_back(counter: Counter) -> None:
    answer = counter.send(counter.reader(), currency="XYZ", amount="7")

    assert answer.status_code == 422
    assert "We cannot take this currency" in answer.text
    assert fields(answer.text, "/join")["amount"] == "7"


def test_an_unknown_interval_is_refused(counter: Counter) -> None:
    answer = counter.send(counter.reader(), interval="week", amount="7")

    assert answer.status_code == 422
    assert "Choose monthly, yearly or once." in answer.text


@pytest.mark.parametrize("email", ["ann@пошта.укр", "ann@bücher.example", "a.n-n+x@example.org"])
def test_addresses_with_any_domain_are_accepted(counter: Counter, email: str) -> None:
    assert counter.send(counter.reader(), email=email).status_code == 303


@pytest.mark.parametrize(
    ("email", "words"),
    [
        ("анна@example.org", "many mail servers refuse"),
        ("ann", "This is no e-mail address"),
        ("ann@", "This is no e-mail address"),
        ("", "Write your e-mail address"),
        ("a" * 300 + "@example.org", "longer than we can keep"),
    ],
)
def test_addresses_that_cannot_be_reached_are_refused_in_words(
    counter: Counter, email: str, words: str
) -> None:
    answer = counter.send(counter.reader(), email=email, amount="7", shown="-")

    assert answer.status_code == 422
    assert words in answer.text
    assert str(escape(email)) in answer.text
    assert fields(answer.text, "/join")["amount"] == "7"


@pytest.mark.parametrize(
    "field",
    [
        "email", "amount", "currency", "interval", "preset", "campaign", "article", "referrer",
        "form_key", "shown", "website",
    ],
)  # fmt: skip
def test_a_nul_anywhere_is_a_clear_answer(counter: Counter, field: str) -> None:
    answer = counter.send(counter.reader(), **{"amount": "7", "shown": "-", field: "5\x00"})

    assert answer.status_code in (303, 422)
    assert "\x00" not in answer.text


def test_a_nul_in_the_address_is_a_clear_answer(counter: Counter) -> None:
    assert counter.reader().get("/join?campaign=a%00b").status_code == 400


def test_a_robot_that_fills_every_field_gets_no_page_to_pay_on(counter: Counter) -> None:
    answer = counter.send(counter.reader(), website="http://spam.example")

    assert answer.status_code == 422
    assert "send it once more" in answer.text
    assert fields(answer.text, "/join")["website"] == ""
    assert counter.count(SignUp) == 0


def test_a_form_without_a_token_is_refused(counter: Counter) -> None:
    assert counter.reader().post("/join", data={"amount": "5"}).status_code == 400


def test_a_wrong_amount_in_a_link_is_said_beside_the_field(counter: Counter) -> None:
    page = counter.reader().get("/join?amount=5.999&interval=decade&currency=ZZZ")

    assert page.status_code == 200
    assert 'id="amount-error"' in page.text
    assert fields(page.text, "/join")["amount"] == "5.999"
    assert fields(page.text, "/join")["interval"] == "month"
