"""Lists in pages: by key and not by offset, so that page 900 costs as much as page 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

PAGE_SIZE = 50
LARGEST_KEY = 2**63 - 1
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows and the keys of the neighbours: ``?after=`` goes on, ``?before=`` goes back."""

    rows: Sequence[T]
    after: int | None
    before: int | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a list was left: at most one of the two keys."""

    after: int | None = None
    before: int | None = None
    NAMES: ClassVar = ("after", "before")

    @classmethod
    def from_query(cls, args: Any) -> Cursor:
        """Read ``?after=`` and ``?before=``; anything that is no key starts at the first page."""
        return cls(after=_key(args.get("after")), before=_key(args.get("before")))


def page_by_id(
    session: Session,
    statement: sa.Select[*tuple[Any, ...]],
    *,
    key: sa.ColumnElement[int] | Any,
    cursor: Cursor,
    size: int = PAGE_SIZE,
    scalars: bool = False,
    key_of: Callable[[Any], int] | None = None,
) -> Page[Any]:
    """One page of a list, newest key first."""
    backwards = cursor.before is not None
    if cursor.after is not None:
        statement = statement.where(key < cursor.after)
    if cursor.before is not None:
        statement = statement.where(key > cursor.before)
    ordered = statement.order_by(key.asc() if backwards else key.desc()).limit(size + 1)
    result = session.execute(ordered)
    rows = list(result.scalars() if scalars else result)
    more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()
    read = key_of or (lambda row: int(row.id))
    has_newer = more if backwards else cursor.after is not None
    has_older = True if backwards else more
    return Page(
        rows=rows,
        after=read(rows[-1]) if rows and has_older else None,
        before=read(rows[0]) if rows and has_newer else None,
    )


def _key(text: str | None) -> int | None:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 19:
        return None
    value = int(text)
    return value if value <= LARGEST_KEY else None
