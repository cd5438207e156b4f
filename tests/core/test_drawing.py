"""Charts end where their numbers say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import drawing
from app.core.drawing import Month

amounts = st.tuples(*[st.integers(0, 10**9)] * 3)
months = st.builds(
    Month, st.just("Dec"), amounts, amounts, st.integers(0, 10**10), st.integers(-(10**9), 10**9)
)


def test_ten_cups_fill_from_the_first_and_only_one_is_part_full() -> None:
    assert drawing.cups(191450, 310000) == pytest.approx(
        [1, 1, 1, 1, 1, 1, 0.1758, 0, 0, 0], abs=1e-3
    )
    assert drawing.cups(0, 310000) == [0.0] * 10
    assert drawing.cups(500000, 310000) == [1.0] * 10


def test_cups_without_a_goal_are_empty() -> None:
    assert drawing.cups(100, 0) == [0.0] * 10


def test_a_waterfall_closes_on_the_sum_of_its_steps() -> None:
    falls = drawing.waterfall(
        [("Recurring", 178250), ("Once", 21000), ("Refunds", -1800), ("Fees", -14862)], "Net"
    )
    assert [f.amount for f in falls] == [178250, 21000, -1800, -14862, 182588]
    assert falls[1].x == falls[0].width
    assert falls[-1].x == 0
    assert falls[-1].width == pytest.approx(falls[3].x, abs=0.02)
    assert [f.kind for f in falls] == ["mild", "mild", "l1", "l1", "g1"]


def test_a_waterfall_of_nothing_and_one_below_nought_stay_inside() -> None:
    assert [f.width for f in drawing.waterfall([("Recurring", 0)], "Net")] == [0, 0]
    for fall in drawing.waterfall([("Recurring", 100), ("Fees", -300)], "Net"):
        assert 0 <= fall.x <= 100
        assert fall.x + fall.width <= 100.01


def test_a_line_spans_its_own_range_and_an_area_stands_on_nought() -> None:
    line, area = drawing.spark([90, 95, 100]), drawing.spark([90, 95, 100], "area")
    assert line.points == "4,24 60,14 116,4"
    assert line.end == (116.0, 4.0)
    assert area.points == "4,6 60,5 116,4"
    assert area.area.startswith("4,26 ")
    assert area.area.endswith(" 116,26")


def test_too_few_values_draw_nothing() -> None:
    assert drawing.spark([]).points == ""
    assert drawing.spark([7]).end is None
    assert drawing.spark([], "columns").columns == ()


def test_columns_keep_their_place_where_a_value_is_missing() -> None:
    columns = drawing.spark([0.5, None, 1.0], "share").columns
    assert [c.x for c in columns] == [0, 40.0]
    assert [c.height for c in columns] == [13.0, 26.0]


@given(st.lists(st.integers(0, 10**12), min_size=2, max_size=30))
def test_every_point_of_a_sparkline_lies_inside_its_frame(values: list[int]) -> None:
    for kind in ("line", "area"):
        for pair in drawing.spark(values, kind).points.split():
            x, y = map(float, pair.split(","))
            assert 0 <= x <= 120
            assert 0 <= y <= 28
    for column in drawing.spark(values, "columns").columns:
        assert 0 <= column.y <= 28
        assert 0 <= column.x + column.width <= 120


@given(st.lists(months, min_size=0, max_size=14), st.sampled_from([1, 100, 1000]), st.booleans())
def test_movements_stay_inside_their_plot_with_five_lines_at_most(
    rows: list[Month], unit: int, wide: bool
) -> None:
    chart = drawing.movements(rows, unit=unit, wide=wide)
    assert len(chart.ticks) <= 6
    for bar in chart.bars:
        for segment in bar.segments:
            assert segment.y >= 11.9
            assert segment.y + segment.height <= chart.bottom + 0.1
            assert segment.x >= 0
            assert segment.x + segment.width <= chart.width
        assert 11.9 <= bar.net_y <= chart.bottom + 0.1


def test_the_heights_of_a_month_are_in_the_ratio_of_its_amounts() -> None:
    chart = drawing.movements([Month("Nov", (20000, 0, 0), (0, 10000, 0), 0)], unit=100, wide=True)
    (gain, loss) = chart.bars[0].segments
    assert gain.height == pytest.approx(2 * loss.height, abs=0.1)
    assert gain.y + gain.height == pytest.approx(chart.zero, abs=0.1)
    assert loss.y == pytest.approx(chart.zero, abs=0.1)
    assert chart.bars[0].net == 100
    assert chart.bars[0].net_y == pytest.approx(chart.zero - gain.height / 2, abs=0.1)


@pytest.mark.parametrize(
    ("high", "low", "step"),
    [(24800, 9600, 10000), (0, 0, 100), (500, 0, 100), (501, 0, 200), (10**7, 1, 5 * 10**6)],
)
def test_lines_stand_at_round_amounts(high: int, low: int, step: int) -> None:
    assert drawing.tick_step(high, low, 100) == step
