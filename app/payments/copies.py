"""The mirror's rows as plain objects, as there are hundreds of them in a batch.

They are read by any of their columns and written back by one statement a kind; whoever writes
holds the mirror's lock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.core.db import Base
from app.core.statements import OneOf, Plain, plain, upsert


class Copy(Plain):
    """A row of the mirror."""


def blank(model: type[Base], object_id: str) -> Copy:
    """A row that is not there yet."""
    copy = Copy(**dict.fromkeys(model.__table__.c.keys()))
    copy.id = object_id
    return copy


def by_id(
    session: Session, model: type[Base], ids: Iterable[str], *, locked: bool = False
) -> dict[str, Copy]:
    """The rows with these ids; ``locked`` until the transaction ends."""
    return {copy.id: copy for copy in _read(session, model, "id", set(ids), locked=locked)}


def where(
    session: Session,
    column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None],
    values: Iterable[str | None],
) -> list[Copy]:
    """The rows that have one of these values in this column."""
    wanted = {value for value in values if value is not None}
    model: Any = column.class_
    return _read(session, model, column.key, wanted)


def write(session: Session, model: type[Base], copies: Collection[Copy]) -> None:
    """Bring the mirror's rows to what these say."""
    upsert(session, model, [vars(copy) for copy in copies])


def _read(
    session: Session, model: type[Base], name: str, wanted: Collection[str], *, locked: bool = False
) -> list[Copy]:
    if not wanted:
        return []
    return plain(session, _select(model, name, locked), {"wanted": list(wanted)}, Copy)


@cache
def _select(model: type[Base], name: str, locked: bool) -> sa.Select[Any]:
    table: Any = model.__table__
    found = sa.select(*table.c).where(OneOf(table.c[name], "wanted"))
    return found.with_for_update() if locked else found
