"""Months where the newsroom is."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest

from app.reporting.months import Month, last_months, month_of, parse


def test_a_month_begins_at_the_newsrooms_midnight() -> None:
    november = Month(2026, 11, "Europe/Kyiv")
    assert november.start == datetime(2026, 10, 31, 22, 0, tzinfo=UTC)
    assert november.end == datetime(2026, 11, 30, 22, 0, tzinfo=UTC)


def test_kathmandu_has_its_own_midnight_and_summer_time_moves_it() -> None:
    assert Month(2026, 5, "Asia/Kathmandu").start == datetime(2026, 4, 30, 18, 15, tzinfo=UTC)
    assert Month(2026, 4, "Europe/Kyiv").start.hour == 21


def test_an_instant_just_before_midnight_belongs_to_the_old_month() -> None:
    assert month_of(datetime(2026, 10, 31, 21, 59, tzinfo=UTC), "Europe/Kyiv").month == 10
    assert month_of(datetime(2026, 10, 31, 22, 0, tzinfo=UTC), "Europe/Kyiv").month == 11


def test_months_follow_each_other_without_a_gap_over_the_year() -> None:
    months = last_months(datetime(2026, 2, 15, tzinfo=UTC), "Europe/Kyiv", 14)
    assert [month.key for month in months][:3] == ["2025-01", "2025-02", "2025-03"]
    for earlier, later in itertools.pairwise(months):
        assert earlier.end == later.start


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "26-01", "x", "٢٠٢٦-٠١", "9999-01", ""])
def test_what_is_no_month_is_none(text: str) -> None:
    assert parse(text, "UTC") is None
    assert parse("2026-01", "UTC") == Month(2026, 1, "UTC")
