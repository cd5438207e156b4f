"""The menus. Rooms add their own entries at import; the layouts show what is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from flask import request

from app.core.web.access import way_to

Area = Literal["reader", "footer", "desk", "account"]


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry as the layouts print it."""

    label: str
    url: str
    current: Literal["page", "true", ""]
    """as ``aria-current`` has it: this page, the section it is in, or neither"""


@dataclass(frozen=True, slots=True)
class _Entry:
    order: int
    label: Callable[[], str | None]
    endpoint: str
    values: Callable[[], dict[str, object]]


class Nav:
    """Entries by area, in the order they ask for."""

    def __init__(self) -> None:
        self._entries: dict[str, dict[str, _Entry]] = {}

    def add(
        self,
        area: Area,
        endpoint: str,
        *,
        label: Callable[[], str | None],
        order: int,
        values: Callable[[], dict[str, object]] = dict,
    ) -> None:
        """Add an entry; a label that is None hides it. Adding an endpoint twice changes it."""
        entries = self._entries.setdefault(area, {})
        entries[f"{endpoint}:{order}"] = _Entry(order, label, endpoint, values)

    def items(self, area: Area) -> list[NavItem]:
        """What is shown to who asks: pages that they may open."""
        shown: list[tuple[str, str]] = []
        for entry in sorted(self._entries.get(area, {}).values(), key=lambda e: e.order):
            label = entry.label()
            url = way_to(entry.endpoint, **entry.values()) if label is not None else ""
            if label is not None and url:
                shown.append((label, url))
        nearest = max((url for _, url in shown if _holds(url)), key=len, default="")
        return [NavItem(label, url, _current(url, nearest)) for label, url in shown]


def _holds(url: str) -> bool:
    """Whether the page asked for is this one, or stands below it."""
    path = url.split("?")[0]
    return request.path == path or request.path.startswith(path.rstrip("/") + "/")


def _current(url: str, nearest: str) -> Literal["page", "true", ""]:
    if url != nearest:
        return ""
    return "page" if url.split("?")[0] == request.path else "true"


nav = Nav()
