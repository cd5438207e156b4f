"""The words of the sandbox's own pages, in English and Ukrainian.

They stand apart from the product's catalogues: the sandbox shares nothing with it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from babel import Locale
from babel.dates import format_datetime
from babel.numbers import format_decimal
from werkzeug.datastructures import LanguageAccept

from app.sandbox.currencies import exponent
from app.sandbox.errors import Json
from app.sandbox.pages_ukrainian import UKRAINIAN, UNITS

LANGUAGES = ("en", "uk")
NO_BREAK = "\u00a0"
SYMBOLS = {"eur": "€", "gbp": "£", "uah": "₴", "usd": "$"}

Translate = Callable[..., str]


def language_for(wanted: str | None, accepted: LanguageAccept) -> str:
    """The language of a page: the session's own, or with ``auto`` the browser's first we speak.

    Any other language that Stripe knows and we do not is shown in English.
    """
    if wanted in (None, "auto"):
        return accepted.best_match(LANGUAGES, "en") or "en"
    return "uk" if wanted == "uk" else "en"


def translator(language: str) -> Translate:
    """A function that says an English text in this language, with its values filled in."""

    def say(text: str, **values: object) -> str:
        known = UKRAINIAN.get(text, text) if language == "uk" else text
        return known.format(**values) if values else known

    return say


def money(minor: int, currency: str, language: str) -> str:
    """An amount in minor units for people: ``5 €``, ``5.50 €``."""
    digits = exponent(currency)
    amount = Decimal(minor).scaleb(-digits)
    pattern = "#,##0" if amount == amount.to_integral_value() else f"#,##0.{'0' * digits}"
    figures = format_decimal(amount, pattern, locale=Locale.parse(language))
    return f"{figures}{NO_BREAK}{SYMBOLS.get(currency, currency.upper())}"


def decimal_money(minor: int, currency: str) -> str:
    """An amount in minor units as a number field takes it: ``5.50``."""
    return str(Decimal(minor).scaleb(-exponent(currency)))


def moment(seconds: int | None, language: str) -> str:
    """A time in UTC for people, or an empty text."""
    if seconds is None:
        return ""
    at = datetime.fromtimestamp(seconds, UTC)
    return format_datetime(at, "d MMM y, HH:mm:ss", locale=Locale.parse(language))


def day_and_time(seconds: int, language: str) -> str:
    """A time in UTC with its day of the week."""
    at = datetime.fromtimestamp(seconds, UTC)
    return format_datetime(at, "EEEE, d MMMM y, HH:mm", locale=Locale.parse(language))


def every(recurring: Json, language: str) -> str:
    """How often a price comes round: ``each month``, ``every 3 months``."""
    interval, count = recurring["interval"], recurring["interval_count"]
    if count == 1:
        return translator(language)(f"each {interval}")
    if language == "en":
        return f"every {count} {interval}s"
    few, many = UNITS[interval]
    is_few = count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14)
    return f"кожні {count} {few if is_few else many}"
