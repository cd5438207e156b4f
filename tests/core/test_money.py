"""Amounts as people type them and as Stripe counts them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import i18n
from app.core.money import Money, round_half_up


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("5", "EUR", 500), ("5,00", "EUR", 500), ("5.00", "EUR", 500), (" 5.5 ", "EUR", 550),
        ("5", "JPY", 5), ("5", "KWD", 5000), ("1.234", "KWD", 1234), ("7", "UGX", 700),
    ],
)  # fmt: skip
def test_an_amount_is_read_exactly(typed: str, currency: str, minor: int) -> None:
    assert Money.parse(typed, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    "typed",
    ["5.999", "-1", "1e9", "1,000", "1.000", "٣", "NaN", "", "5" * 5000, "5 0", "+5", "5.", ".5",
     "0x5", "５", "5,0,0", "1 000", "inf", "5€"],
)  # fmt: skip
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"not an amount|more digits"):
        Money.parse(typed, "EUR")


def test_a_currency_without_cents_takes_none() -> None:
    with pytest.raises(ValueError, match="more digits"):
        Money.parse("5.50", "JPY")
    with pytest.raises(ValueError, match="more digits"):
        Money.parse("5.50", "ISK")


@given(st.integers(0, 10**9 - 1), st.sampled_from(["EUR", "JPY", "KWD", "UAH"]))
def test_what_is_shown_can_be_typed_again(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Money.parse(money.plain(), currency) == money


def test_amounts_of_two_currencies_do_not_add_up() -> None:
    with pytest.raises(ValueError, match="cannot be added"):
        Money(1, "EUR") + Money(1, "USD")


@pytest.mark.parametrize(
    ("language", "minor", "currency", "shown"),
    [
        ("en", 300, "EUR", "3\u00a0€"), ("en", 191450, "EUR", "1,914.50\u00a0€"),
        ("uk", 191450, "EUR", "1\u00a0914,50\u00a0€"), ("en", -1250, "USD", "−12.50\u00a0$"),
        ("uk", 5000, "UAH", "50\u00a0₴"), ("en", 500, "JPY", "500\u00a0¥"),
    ],
)  # fmt: skip
def test_money_is_written_as_the_language_writes_it(
    language: str, minor: int, currency: str, shown: str
) -> None:
    with i18n.speaking(language):
        assert i18n.money(Money(minor, currency)) == shown


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6))
def test_rounding_is_to_the_nearest_and_halves_go_away_from_nought(top: int, bottom: int) -> None:
    rounded = round_half_up(top, bottom)
    assert abs(2 * top - 2 * rounded * bottom) <= bottom
    assert round_half_up(-top, bottom) == -rounded
