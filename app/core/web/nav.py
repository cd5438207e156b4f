"""The menus. Rooms add their own entries at import; the layouts show what is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from flask import request, url_for
from flask_login import current_user

from app.core.web.access import Role, may

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
    roles: tuple[Role, ...]


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
        roles: tuple[Role, ...] = (),
    ) -> None:
        """Add an entry; a label that is None hides it. Adding an endpoint twice changes it."""
        entries = self._entries.setdefault(area, {})
        entries[f"{endpoint}:{order}"] = _Entry(order, label, endpoint, values, roles)

    def items(self, area: Area) -> list[NavItem]:
        shown = []
        for entry in sorted(self._entries.get(area, {}).values(), key=lambda e: e.order):
            if entry.roles and not may(current_user, *entry.roles):
                continue
            label = entry.label()
            if label is not None:
                shown.append(_item(entry, label))
        return shown


nav = Nav()


def _item(entry: _Entry, label: str) -> NavItem:
    url = url_for(entry.endpoint, **entry.values())  # type: ignore[arg-type]
    return NavItem(label=label, url=url, current=url.split("?")[0] == request.path)
