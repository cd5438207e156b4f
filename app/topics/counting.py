"""Counting ballots: pure functions, the same input gives the same result for ever."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tally:
    """What the ballots say. Options are named by whatever ids the caller used."""

    marks: dict[int, int]
    """by option, in the order of the tie-break; options without a mark have 0"""
    counted: int
    """ballots with at least one mark"""
    blank: int
    winner: int | None
    """None where no ballot carries a mark"""
    tie_broken: bool
    """several options had the most marks, and the order decided"""


def approval(ballots: Iterable[Collection[int]], *, order: Sequence[int]) -> Tally:
    """Each mark counts as one; the option with most marks wins.

    ``order`` has every option once: among equals the one that stands first wins. A mark that a
    ballot carries twice counts once. Raises ValueError for a mark on none of the options.
    """
    kinds = Counter(frozenset(ballot) for ballot in ballots)
    blank = kinds.pop(frozenset(), 0)
    marks = dict.fromkeys(order, 0)
    for kind, times in kinds.items():
        for option in kind:
            if option not in marks:
                raise ValueError(f"{option} is not on the ballot")
            marks[option] += times
    most = max(marks.values(), default=0)
    leaders = [option for option in order if marks[option] == most and most > 0]
    return Tally(
        marks=marks,
        counted=kinds.total(),
        blank=blank,
        winner=leaders[0] if leaders else None,
        tie_broken=len(leaders) > 1,
    )
