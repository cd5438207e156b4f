"""Product and floor in turns, so that what else the machine does meets both alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from tests.benchmarks.loading import Run
from tests.benchmarks.places import Serving


@dataclass(frozen=True, slots=True)
class Side:
    """What one of the two did in a round."""

    rate: float  # a second
    waits: list[float]  # seconds; empty where nobody waited
    processor: float  # seconds of the processor for one


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    benchmark: str
    work: str
    engine: str
    size: int
    connections: int
    product: float  # a second, the middle round
    floor: float
    ratio: float  # the middle of the rounds' own ratios
    target: float
    processor_ratio: float  # the floor's share of the processor for one, over the product's
    p50_ms: float | None = None
    p99_ms: float | None = None
    p99_target_ms: float | None = None
    floor_p99_ms: float | None = None

    @property
    def holds(self) -> bool:
        late = self.p99_target_ms is not None and (self.p99_ms or 0) > self.p99_target_ms
        return self.ratio >= self.target and not late


def in_turns(
    product: Callable[[int], Side], floor: Callable[[int], Side], *, rounds: int
) -> list[tuple[Side, Side]]:
    """Round 0 warms up and is not counted; in every second round the floor goes first."""
    pairs = []
    for number in range(rounds + 1):
        if number % 2:
            below = floor(number)
            above = product(number)
        else:
            above = product(number)
            below = floor(number)
        pairs.append((above, below))
    return pairs[1:]


def served(server: Serving, send: Callable[[], Run]) -> Side:
    """One load on a server, and what it took of the processor."""
    before = server.processor_seconds()
    run = send()
    used = server.processor_seconds() - before
    return Side(run.rate, run.waits, used / len(run.waits))


def figure(
    pairs: Sequence[tuple[Side, Side]],
    *,
    benchmark: str,
    work: str,
    engine: str,
    size: int,
    connections: int,
    target: float,
    p99_target_ms: float | None = None,
) -> Figure:
    """Rounds as one line."""
    waits = [wait for above, _ in pairs for wait in above.waits]
    floor_waits = [wait for _, below in pairs for wait in below.waits]
    above_each = sum(above.processor for above, _ in pairs)
    below_each = sum(below.processor for _, below in pairs)
    return Figure(
        benchmark=benchmark,
        work=work,
        engine=engine,
        size=size,
        connections=connections,
        product=median(above.rate for above, _ in pairs),
        floor=median(below.rate for _, below in pairs),
        ratio=median(above.rate / below.rate for above, below in pairs),
        target=target,
        processor_ratio=below_each / above_each if above_each else 0.0,
        p50_ms=_percentile(waits, 50),
        p99_ms=_percentile(waits, 99),
        p99_target_ms=p99_target_ms,
        floor_p99_ms=_percentile(floor_waits, 99),
    )


def _percentile(waits: list[float], percent: int) -> float | None:
    """Milliseconds; None where nobody waited."""
    if len(waits) < 2:
        return None
    return quantiles(waits, n=100, method="inclusive")[percent - 1] * 1000
