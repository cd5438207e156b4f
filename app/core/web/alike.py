"""Which pages every stranger sees alike, as their views say, and what such a page follows from."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Alike:
    """What a page reads of a request beside its path and language."""

    uses: frozenset[str]
    """names in the address"""
    personal: frozenset[str]
    """names in the address that make the page somebody's own"""
    by_referrer: bool


_by_view: dict[Callable[..., Any], Alike] = {}


def alike(
    *, uses: Collection[str] = (), personal: Collection[str] = (), by_referrer: bool = False
) -> Callable[[View], View]:
    """Say that a view shows all strangers the same, and all that it reads of a request.

    Other names in the address change nothing: the many that networks add to a link are one page.
    """

    def mark(view: View) -> View:
        _by_view[view] = Alike(frozenset(uses), frozenset(personal), by_referrer)
        return view

    return mark


def of_endpoint(app: Flask, endpoint: str) -> Alike | None:
    """What an endpoint's view said of itself."""
    return _by_view.get(app.view_functions[endpoint])
