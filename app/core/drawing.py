"""From numbers to coordinates: what the charts of every room are drawn from.

Pure functions; the templates only print what comes out. All sizes are in the units of the
drawing's own view box, y grows downwards, money is in minor units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.core.money import round_half_up

SPARK_WIDTH, SPARK_HEIGHT = 120, 28
DOT = 4
CUPS = 10
GAIN_KINDS = ("g1", "g2", "g3")
LOSS_KINDS = ("l2", "l1", "l3")
MOST_TICKS = 5


@dataclass(frozen=True, slots=True)
class Month:
    """One month's movements, all amounts >= 0 in minor units of one currency."""

    name: str
    gains: tuple[int, int, int]
    """new, expansion, back and resumed"""
    losses: tuple[int, int, int]
    """contraction, churn, paused"""
    closing: int
    fx: int = 0

    @property
    def net(self) -> int:
        return sum(self.gains) - sum(self.losses) + self.fx


@dataclass(frozen=True, slots=True)
class Rect:
    x: float
    y: float
    width: float
    height: float
    kind: str = ""

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True, slots=True)
class Spark:
    """A small line, or columns, with its last value picked out."""

    kind: str
    """line (its own range), area (from nought), columns (from nought), share (0 to 100 %)"""
    points: str = ""
    area: str = ""
    end: tuple[float, float] | None = None
    columns: tuple[Rect, ...] = ()
    width: int = SPARK_WIDTH
    height: int = SPARK_HEIGHT


@dataclass(frozen=True, slots=True)
class Tick:
    value: int
    """whole major units"""
    y: float


@dataclass(frozen=True, slots=True)
class MonthBar:
    name: str
    middle: float
    segments: tuple[Rect, ...]
    net_from: float
    net_to: float
    net_y: float
    net: int
    closing: int
    """net and closing in whole major units"""
    last: bool


@dataclass(frozen=True, slots=True)
class Movements:
    width: int
    height: int
    left: int
    zero: float
    bottom: float
    ticks: tuple[Tick, ...]
    bars: tuple[MonthBar, ...]
    wide: bool


@dataclass(frozen=True, slots=True)
class Fall:
    """One step of a waterfall, in per cent of its width."""

    label: str
    amount: int
    x: float
    width: float
    kind: str


def spark(values: Sequence[float | None], kind: str = "line") -> Spark:
    """A sparkline of twelve or so values; None is a gap at the start, or a missing column.

    Fewer than two values have no course yet: nothing is drawn.
    """
    if kind == "columns":
        return Spark(kind, columns=_columns(values, max((v or 0 for v in values), default=0)))
    if kind == "share":
        return Spark(kind, columns=_columns(values, 1))
    known = [v for v in values if v is not None]
    if len(known) < 2:
        return Spark(kind)
    low = 0 if kind == "area" else min(known)
    points = _polyline(known, low, max(known))
    text = " ".join(f"{x:g},{y:g}" for x, y in points)
    base = SPARK_HEIGHT - DOT / 2
    area = f"{points[0][0]:g},{base:g} {text} {points[-1][0]:g},{base:g}" if kind == "area" else ""
    return Spark(kind, points=text, area=area, end=points[-1])


def movements(months: Sequence[Month], *, unit: int, wide: bool) -> Movements:
    """Gains stand on the nought line, losses hang from it, the net lies across.

    ``unit`` is how many minor units make one major: 100 for EUR, 1 for JPY.
    """
    width, plot_top, plot_height = (744, 12, 300) if wide else (328, 12, 168)
    left = 60 if wide else 40
    high = max((max(sum(m.gains), m.net) for m in months), default=0)
    low = max((max(sum(m.losses), -m.net) for m in months), default=0)
    step = tick_step(high, low, unit)
    top, floor = max(high, step), step * -(-low // step)
    scale = plot_height / (top + floor)
    zero = plot_top + top * scale
    slot = (width - left) / max(len(months), 1)
    ticks = tuple(
        Tick(value // unit, round(zero - value * scale, 1))
        for value in range(-floor, top + 1, step)
    )
    bars = tuple(
        _month_bar(m, left + i * slot, slot, zero, scale, unit, last=i == len(months) - 1)
        for i, m in enumerate(months)
    )
    bottom = plot_top + plot_height
    height = bottom + (74 if wide else 26)
    return Movements(width, height, left, round(zero, 1), bottom, ticks, bars, wide)


def tick_step(high: int, low: int, unit: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50 … that needs no more than five lines."""
    base = unit
    while True:
        for step in (base, 2 * base, 5 * base):
            if -(-high // step) + -(-low // step) <= MOST_TICKS:
                return step
        base *= 10


def waterfall(steps: Sequence[tuple[str, int]], total_label: str) -> list[Fall]:
    """Each bar starts where the last one ended; the total starts at nought again.

    Steps are signed minor units in order; the last entry is their sum.
    """
    running, edges = 0, []
    for label, amount in steps:
        edges.append(
            (label, amount, min(running, running + amount), max(running, running + amount))
        )
        running += amount
    edges.append((total_label, running, min(0, running), max(0, running)))
    low = min(0, *(e[2] for e in edges))
    span = max(e[3] for e in edges) - low or 1
    kinds = ["mild" if amount >= 0 else "l1" for _, amount, _, _ in edges[:-1]] + ["g1"]
    return [
        Fall(label, amount, _hundredth(start - low, span), _hundredth(end - start, span), kind)
        for (label, amount, start, end), kind in zip(edges, kinds, strict=True)
    ]


def cups(amount: int, goal: int) -> list[float]:
    """Ten cups, each a tenth of the goal, filled from below: 1 is full, 0 empty."""
    if goal <= 0:
        return [0.0] * CUPS
    return [_between(amount * CUPS / goal - cup) for cup in range(CUPS)]


def _polyline(values: Sequence[float], low: float, high: float) -> list[tuple[float, float]]:
    span = high - low or 1
    usable = SPARK_HEIGHT - 2 * DOT
    step = (SPARK_WIDTH - 2 * DOT) / (len(values) - 1)
    return [
        (round(DOT + i * step, 1), round(DOT + usable * (1 - (v - low) / span), 1))
        for i, v in enumerate(values)
    ]


def _columns(values: Sequence[float | None], high: float) -> tuple[Rect, ...]:
    """One column a value, on a common foot; a value of nought keeps a hairline."""
    if not values:
        return ()
    slot = SPARK_WIDTH / max(len(values), 6)
    rects = []
    for i, value in enumerate(values):
        if value is None:
            continue
        height = round(max((SPARK_HEIGHT - 2) * _between(value / (high or 1)), 1), 1)
        rects.append(
            Rect(round(i * slot, 1), round(SPARK_HEIGHT - height, 1), round(slot - 3, 1), height)
        )
    return tuple(rects)


def _month_bar(
    month: Month, x: float, slot: float, zero: float, scale: float, unit: int, *, last: bool
) -> MonthBar:
    bar = round(slot * 0.62, 1)
    start = round(x + (slot - bar) / 2, 1)
    up = _stack(month.gains, GAIN_KINDS, start, bar, zero, -scale)
    down = _stack(month.losses, LOSS_KINDS, start, bar, zero, scale)
    reach = slot * 0.1
    return MonthBar(
        name=month.name,
        middle=round(x + slot / 2, 1),
        segments=up + down,
        net_from=round(start - reach, 1),
        net_to=round(start + bar + reach, 1),
        net_y=round(zero - month.net * scale, 1),
        net=round_half_up(month.net, unit),
        closing=round_half_up(month.closing, unit),
        last=last,
    )


def _stack(
    amounts: Sequence[int], kinds: Sequence[str], x: float, width: float, zero: float, scale: float
) -> tuple[Rect, ...]:
    """Segments away from the nought line, each set off from the one before by a unit of paper."""
    edges = [0]
    for amount in amounts:
        edges.append(edges[-1] + amount)
    rects = []
    for (low, high), kind in zip(pairwise(edges), kinds, strict=True):
        if high == low:
            continue
        near, far = zero + low * scale, zero + high * scale
        gap = 1 if low and abs(far - near) > 2 else 0
        near += gap if scale > 0 else -gap
        rects.append(Rect(x, round(min(near, far), 1), width, round(abs(far - near), 1), kind))
    return tuple(rects)


def _hundredth(part: int, whole: int) -> float:
    return round(100 * part / whole, 2)


def _between(value: float) -> float:
    return min(1.0, max(0.0, value))
