"""How one person's history becomes movements of MRR: a pure function, and nothing else.

Source of the terms: ChartMogul's movement types; the pause is our own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

ONE_MOVEMENT = timedelta(minutes=60)
TWELFTHS = {"week": 52, "month": 12, "year": 1}


@dataclass(frozen=True, slots=True)
class Step:
    """What a pledge was worth from a moment on; ``value`` is twelfths of a minor unit a month."""

    at: datetime
    cause: str
    pledge_id: int
    value: int
    paused: bool
    reason: str | None


@dataclass(frozen=True, slots=True)
class Moved:
    """One movement of one person in one currency, before it is a row."""

    at: datetime
    kind: str
    delta: int
    value_after: int
    reason: str | None


def monthly_value(total: int, interval: str) -> int:
    """The exact monthly value in twelfths: a month a, a year a/12, a week a·52/12."""
    return total * TWELFTHS[interval]


def of_each(steps: Mapping[str, Iterable[Step]]) -> dict[str, list[Moved]]:
    """The movements of one person by currency. New is a person once, in whichever it was first."""
    moved = {currency: of(own) for currency, own in steps.items()}
    joined = [(one.at, key) for key, own in moved.items() for one in own if one.kind == "new"]
    for at, currency in sorted(joined)[1:]:
        moved[currency] = [
            replace(one, kind="reactivation") if one.at == at else one for one in moved[currency]
        ]
    return moved


def of(steps: Iterable[Step]) -> list[Moved]:
    """The movements of one person in one currency, oldest first."""
    moved: list[Moved] = []
    worth: dict[int, Step] = {}
    value, ever, on_pause = 0, False, False
    for cluster in _clusters(_telling(sorted(steps, key=lambda step: (step.at, step.cause)))):
        for step in cluster:
            worth[step.pledge_id] = step
        after = sum(step.value for step in worth.values())
        paused = after == 0 and any(step.paused for step in worth.values())
        if after != value:
            kind = _kind(value, after, ever=ever, from_pause=on_pause, to_pause=paused)
            reason = cluster[-1].reason if kind == "churn" else None
            moved.append(Moved(cluster[0].at, kind, after - value, after, reason))
        value, ever, on_pause = after, ever or after > 0, paused
    return moved


def _telling(steps: Iterable[Step]) -> Iterator[Step]:
    """Steps that left their pledge other than it was: a renewal dates no movement."""
    last: dict[int, tuple[int, bool, str | None]] = {}
    for step in steps:
        said = (step.value, step.paused, step.reason)
        if last.get(step.pledge_id) != said:
            yield step
        last[step.pledge_id] = said


def _clusters(steps: Iterable[Step]) -> Iterable[list[Step]]:
    """Steps in runs that lie within 60 minutes of the run's first."""
    run: list[Step] = []
    for step in steps:
        if run and step.at - run[0].at >= ONE_MOVEMENT:
            yield run
            run = []
        run.append(step)
    if run:
        yield run


def _kind(before: int, after: int, *, ever: bool, from_pause: bool, to_pause: bool) -> str:
    if before == 0:
        if from_pause and ever:
            return "resumed"
        return "reactivation" if ever else "new"
    if after == 0:
        return "paused" if to_pause else "churn"
    return "expansion" if after > before else "contraction"
