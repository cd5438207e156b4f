"""The line before paying says what Stripe will do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.core.money import Money
from app.membership import wording

KYIV = "Europe/Kyiv"
FIVE = Money(500, "EUR")


def charges(interval: str, total: Money, first: datetime) -> str:
    """The line, with plain spaces."""
    return wording.charges(interval, total, first, KYIV).replace("\u00a0", " ")


def on(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-06-24T12:00", "today and on the 24th of each month until you stop."),
        ("2026-06-01T12:00", "today and on the 1st of each month until you stop."),
        ("2026-06-28T12:00", "today and on the 28th of each month until you stop."),
        ("2026-06-29T12:00", "on the 29th of each month, or on the last day of a shorter one"),
        ("2026-08-31T12:00", "on the 31st of each month, or on the last day of a shorter one"),
        ("2026-06-23T22:30", "today and on the 24th of each month"),  # half past one in Kyiv
    ],
)
def test_a_monthly_charge_names_its_day(day: str, words: str) -> None:
    assert words in charges("month", FIVE, on(day))


def test_a_yearly_charge_names_day_and_month() -> None:
    said = charges("year", FIVE, on("2026-06-24T12:00"))

    assert said == "You will be charged 5 € today and on 24 June each year until you stop."


def test_the_29th_of_february_is_the_last_day_of_february() -> None:
    said = charges("year", FIVE, on("2028-02-29T12:00"))

    assert "on the last day of February each year" in said


def test_a_gift_says_that_nothing_is_repeated() -> None:
    said = charges("once", Money(533, "EUR"), on("2026-06-24T12:00"))

    assert said == "You will be charged 5.33 € once, today. Nothing is repeated."


def test_a_consent_is_kept_with_its_words_and_their_version() -> None:
    kept = wording.consent("on_wall")

    assert kept["kind"] == "on_wall"
    assert kept["version"] == wording.CONSENT_VERSION
    assert "wall of supporters" in str(kept["wording"])
