"""Dates in a sentence, in the case that the sentence wants."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.core import i18n

KYIV = "Europe/Kyiv"
SUNDAY = datetime(2026, 11, 29, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Sunday 29\u00a0November, 20:00"),
        ("uk", "у\u00a0неділю, 29\u00a0листопада, о\u00a020:00"),
    ],
)
def test_a_moment_with_its_weekday_answers_when(language: str, said: str) -> None:
    with i18n.speaking(language):
        assert i18n.moment(SUNDAY, KYIV) == said


def test_eleven_o_clock_has_its_own_preposition() -> None:
    tuesday = datetime(2026, 12, 1, 9, tzinfo=UTC)

    with i18n.speaking("uk"):
        assert i18n.moment(tuesday, KYIV) == "у\u00a0вівторок, 1\u00a0грудня, об\u00a011:00"


def test_a_moment_in_a_table_has_no_prepositions() -> None:
    with i18n.speaking("uk"):
        assert i18n.moment(SUNDAY, KYIV, "d MMM, HH:mm") == "29\u00a0лист., 20:00"


@pytest.mark.parametrize(("language", "said"), [("en", "November 2026"), ("uk", "листопада 2026")])
def test_the_month_that_something_began_in_stands_in_the_genitive(language: str, said: str) -> None:
    with i18n.speaking(language):
        assert i18n.date(SUNDAY, KYIV, "MMMM y") == said


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Sunday, 29\u00a0November"), ("uk", "Неділя, 29\u00a0листопада")]
)
def test_a_date_that_begins_a_line_begins_with_a_capital(language: str, said: str) -> None:
    with i18n.speaking(language):
        assert i18n.capital(i18n.date(SUNDAY, KYIV, "EEEE, d MMMM")) == said


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Who cleans the beaches?", "en"),
        ("Хто прибирає пляжі?", "uk"),
        ("Хто пише в Telegram?", "uk"),
        ("12345", "uk"),
        ("", "uk"),
    ],
)
def test_the_language_is_that_of_most_letters(text: str, language: str) -> None:
    assert i18n.language_of(text, "uk") == language


@pytest.mark.parametrize(
    ("text", "said"), [("The city gave a new date.", ' lang="en"'), ("Місто назвало дату.", "")]
)
def test_a_quoted_text_names_its_language_where_it_is_not_the_page_s(text: str, said: str) -> None:
    with i18n.speaking("uk"):
        assert str(i18n.foreign(text)) == said
