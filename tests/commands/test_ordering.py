"""What begins a parallel run of the tests."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests.ordering import ordered


def item(kind: str) -> Any:
    """A test that needs a browser, and maybe the newsroom, is marked slow, or is short."""
    return SimpleNamespace(
        kind=kind,
        fixturenames={"b": ["chromium"], "n": ["chromium", "newsroom"]}.get(kind, []),
        get_closest_marker=lambda marker: kind == "s" and marker == "slow",
    )


def kinds(given: str, *, workers: int) -> str:
    """The kinds of so many tests, in the order for so many workers."""
    found: list[Any] = list(ordered([item(kind) for kind in given], workers))
    return "".join(one.kind for one in found)


def test_each_half_begins_with_long_ones_and_none_is_lost() -> None:
    assert kinds("..b.s..b...s", workers=2) == "bb....ss...."


def test_more_long_ones_than_a_piece_holds_are_kept() -> None:
    assert kinds("b.bsb.bb", workers=4) == "bbbbbs.."


def test_what_visits_the_common_newsroom_comes_first() -> None:
    assert kinds("b.nsb.n.", workers=2) == "nnbbs..."
