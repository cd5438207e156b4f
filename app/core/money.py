"""Money as Stripe counts it: whole minor units and a currency, never a float."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Self

from babel import Locale
from babel.numbers import format_decimal, get_currency_symbol

# Source: Stripe, "Supported currencies". ISK and UGX have no minor unit any more, but the API
# still takes them times 100, with zeros at the end.
ZERO_DECIMAL = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())
THREE_DECIMAL = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
WHOLE_ONLY = frozenset(["ISK", "UGX"])
LONGEST_AMOUNT = 12
_AMOUNT = re.compile(r"(?P<major>[0-9]{1,9})(?:[.,](?P<minor>[0-9]{1,3}))?")


def exponent(currency: str) -> int:
    """How many digits Stripe's minor unit has: 2 for EUR, 0 for JPY, 3 for KWD."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in minor units of a currency (upper case ISO 4217)."""

    minor: int
    currency: str

    @classmethod
    def parse(cls, text: str, currency: str) -> Self:
        """Read a decimal amount, "5" or "5,00", exactly.

        Returns minor units of ``currency``: 500 for EUR 5, 5 for JPY 5, 5000 for KWD 5.
        Raises ValueError for what is no amount, for three digits after the mark where the
        currency has fewer (1.000 may mean a thousand), and for signs, exponents or digits
        outside ASCII.
        """
        text = text.strip()
        match = _AMOUNT.fullmatch(text) if len(text) <= LONGEST_AMOUNT else None
        if match is None:
            raise ValueError("not an amount")
        digits = exponent(currency)
        fraction = match["minor"] or ""
        if len(fraction) > digits or (currency in WHOLE_ONLY and fraction.strip("0")):
            raise ValueError("more digits than the currency has")
        return cls(int(match["major"] + fraction.ljust(digits, "0")), currency)

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, exact."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def whole(self) -> Self:
        """Without the part under one: 2,093 € for 2,093.92 €, a figure to read at a glance."""
        return type(self)(self.minor - self.minor % 10 ** exponent(self.currency), self.currency)

    def plain(self) -> str:
        """As it would be typed into the form: "5", "5.50"; no sign of the currency."""
        text = f"{self.decimal:f}"
        return text.split(".")[0] if self.decimal == self.decimal.to_integral_value() else text

    def format(self, locale: str | Locale, *, short: bool = True) -> str:
        """For people, with no-break spaces: "3 €", "2.70 €", "1,914.50 €".

        ``short`` drops the decimals of whole amounts; accounts give both digits always.
        """
        whole = self.decimal == self.decimal.to_integral_value()
        digits = 0 if short and whole else exponent(self.currency)
        places = "." + "0" * digits if digits else ""
        figure = format_decimal(abs(self.decimal), format=f"#,##0{places}", locale=locale)
        text = f"{figure}\u00a0{symbol(self.currency)}".replace(" ", "\u00a0")
        return f"\u2212{text}" if self.minor < 0 else text

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added")


@cache
def symbol(currency: str) -> str:
    """The sign that readers know, the same in every language: €, $, ₴; else the code."""
    return "₴" if currency == "UAH" else str(get_currency_symbol(currency, locale="en"))


def round_half_up(numerator: int, denominator: int) -> int:
    """The nearest whole number, halves away from nought; for minor units, once, at the end."""
    sign = -1 if (numerator < 0) != (denominator < 0) else 1
    numerator, denominator = abs(numerator), abs(denominator)
    return sign * ((2 * numerator + denominator) // (2 * denominator))


def in_what_was_paid(minor: int, *, paid: int, became: int) -> int:
    """A part of what a payment became in another currency, in the one that was paid.

    At the payment's own rate, rounded half up; nought where it became less than one minor unit.
    """
    return round_half_up(minor * paid, abs(became)) if became else 0
