"""Languages: one catalogue per language, the same for pages and mails.

English is the source. Catalogues are read from the .po files themselves, so nothing has to be
compiled. The language in force is a context variable: a request sets it for its reader, a mail
for its recipient.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from decimal import Decimal
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_time, get_timezone_location
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from jinja2 import Environment
from markupsafe import Markup, escape

from app.core.money import Money

LANGUAGES = {"en": "English", "uk": "Українська"}
CATALOGUES = Path(__file__).resolve().parents[1] / "translations"
# English here is European: day before month, a 24-hour clock, so that both languages agree.
# Read once: Babel would read a name anew for each figure.
FORMATS = {"en": Locale.parse("en_150"), "uk": Locale.parse("uk")}
NUMBERS = {"en": Locale.parse("en"), "uk": FORMATS["uk"]}  # 1,914.50 and 1 914,50
# Ukrainian says "on Sunday" in another case than "Sunday", and joins the hour by a preposition.
WEEKDAYS_IN_ACCUSATIVE = (
    "понеділок", "вівторок", "середу", "четвер", "п’ятницю", "суботу", "неділю",
)  # fmt: skip
_language: ContextVar[str] = ContextVar("language", default="en")


class Lazy:
    """A text that is translated when it is shown, not when the module is read."""

    def __init__(self, message: str, **values: object) -> None:
        self.message = message
        self.values = values

    def __str__(self) -> str:
        return gettext(self.message, **self.values)

    def __html__(self) -> str:
        return str(escape(str(self)))

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other)

    def __hash__(self) -> int:
        return hash(self.message)


def language() -> str:
    """The language in force: "en" or "uk"."""
    return _language.get()


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Use a language for what happens inside."""
    token = _language.set(code if code in LANGUAGES else "en")
    try:
        yield
    finally:
        _language.reset(token)


def set_language(code: str) -> None:
    """Use a language from here on; for the request hook, which has no inside."""
    _language.set(code if code in LANGUAGES else "en")


def gettext(message: str, **values: object) -> str:
    text = _catalogue(language()).gettext(message)
    return text % values if values else text


def ngettext(singular: str, plural: str, num: int, **values: object) -> str:
    values.setdefault("num", num)
    return _catalogue(language()).ngettext(singular, plural, num) % values


def lazy_gettext(message: str, **values: object) -> Lazy:
    return Lazy(message, **values)


def number(value: int | Decimal) -> str:
    return _no_break(format_decimal(value, locale=FORMATS[language()]))


def percent(numerator: int, denominator: int, digits: int = 1) -> str:
    """A share for people: "35.9 %"; a dash where there is nothing to divide by."""
    if denominator == 0:
        return "–"
    places = "." + "0" * digits if digits else ""
    share = Decimal(numerator) / Decimal(denominator)
    return _no_break(format_percent(share, format=f"0{places} %", locale=FORMATS[language()]))


def money(value: Money, *, short: bool = True) -> str:
    return value.format(NUMBERS[language()], short=short)


def date(value: datetime, zone: str, pattern: str = "d MMMM y") -> str:
    """A day in the newsroom's time zone: "24 November 2026"."""
    local = value.astimezone(ZoneInfo(zone))
    text = format_date(local, format=pattern, locale=FORMATS[language()])
    return _glue_day(text)


def time_of(value: datetime, zone: str) -> str:
    local = value.astimezone(ZoneInfo(zone))
    return format_time(local, format="HH:mm", locale=FORMATS[language()])


def moment(value: datetime, zone: str, pattern: str = "EEEE d MMMM, HH:mm") -> str:
    """A day and an hour: "Sunday 29 November, 20:00"; name the zone beside it.

    With a weekday it is an answer to "when": "у неділю, 29 листопада, о 20:00".
    """
    local = value.astimezone(ZoneInfo(zone))
    if language() == "uk" and "EEEE" in pattern:
        pattern = _when_in_ukrainian(pattern, local)
    return _glue_day(format_datetime(local, format=pattern, locale=FORMATS[language()]))


def capital(text: str) -> str:
    """A text as it begins a line: Ukrainian writes days and months small elsewhere."""
    return text[:1].upper() + text[1:]


def city(zone: str) -> str:
    """A time zone by its city, in the reader's language: "Kyiv", "Київ"."""
    name = get_timezone_location(ZoneInfo(zone), locale=FORMATS[language()], return_city=True)
    return gettext(name)


def day_ordinal(day: int) -> str:
    """The day of a month in a sentence: "24th", "24-го"."""
    if language() == "uk":
        return f"{day}-го"
    suffix = "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{suffix}"


def language_of(text: str, default: str) -> str:
    """Ukrainian where Cyrillic letters outnumber Latin ones, English where it is the reverse."""
    cyrillic = sum("\u0400" <= letter <= "\u04ff" for letter in text)
    latin = sum(letter.isascii() and letter.isalpha() for letter in text)
    if cyrillic == latin:
        return default
    return "uk" if cyrillic > latin else "en"


def foreign(text: str) -> Markup:
    """The ``lang`` of a quoted text whose language is not the page's; nothing where it is."""
    own = language()
    found = language_of(text, own)
    return Markup("") if found == own else Markup(' lang="{}"').format(found)


def install(environment: Environment) -> None:
    """Give a Jinja environment the texts and the formats of the language in force."""
    environment.add_extension("jinja2.ext.i18n")
    environment.install_gettext_callables(gettext, ngettext, newstyle=False)  # type: ignore[attr-defined]
    environment.globals["_"] = gettext
    environment.filters.update(money=money, number=number, ordinal=day_ordinal, capital=capital)
    environment.globals.update(percent=percent, city=city, language=language, foreign=foreign)


@cache
def _catalogue(code: str) -> NullTranslations:
    path = CATALOGUES / code / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return NullTranslations()
    with path.open("rb") as source:
        catalogue = read_po(source, locale=code)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)


def _when_in_ukrainian(pattern: str, local: datetime) -> str:
    before_the_hour = "'об'" if local.hour == 11 else "'о'"  # об одинадцятій
    day = f"'у\u00a0{WEEKDAYS_IN_ACCUSATIVE[local.weekday()]}',"
    return pattern.replace("EEEE", day).replace("HH:mm", f"{before_the_hour}\u00a0HH:mm")


def _no_break(text: str) -> str:
    return text.replace(" ", "\u00a0")


def _glue_day(text: str) -> str:
    """No line may end between the day and its month."""
    words = text.split(" ")
    for index, word in enumerate(words[:-1]):
        if word.strip(",").isdigit() and len(word) <= 2:
            words[index] = word + "\u00a0" + words[index + 1]
            del words[index + 1]
            break
    return " ".join(words)


def display_name(code: str) -> str:
    """A language in its own words."""
    return LANGUAGES.get(code) or str(Locale.parse(code).display_name)
