"""What upper rooms show on /dev/mail besides mails; there is no such page in production."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.core.i18n import Lazy


@dataclass(frozen=True, slots=True)
class Row:
    """One line: whose, what, and a word on it."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A titled list, made anew for each look from the database and the wall clock."""

    title: Lazy
    rows: Callable[[Session, datetime], list[Row]]


panels: list[Panel] = []
