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
    current: bool


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
        shown = []
        for entry in sorted(self._entries.get(area, {}).values(), key=lambda e: e.order):
            label = entry.label()
            url = way_to(entry.endpoint, **entry.values()) if label is not None else ""
            if label is not None and url:
                shown.append(NavItem(label, url, current=url.split("?")[0] == request.path))
        return shown


nav = Nav()
