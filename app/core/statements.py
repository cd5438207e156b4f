"""Statements that are made once, when their module is read, and run with new values each time.

To build one and find it among the compiled takes longer than to run it. So where hundreds of rows
go by, or the same few every time, they are made beforehand and run beside the ORM, as plain rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from app.core.db import Base, insert_for
from app.core.driving import Values, drive

P = TypeVar("P", bound="Plain")


class Plain(SimpleNamespace):
    """A row with its columns for attributes; changing it writes nothing."""


class OneOf(FunctionElement[Any]):
    """Whether a column is among values that come as one list under ``name`` when it is run.

    A list is one value to bind, so the statement stays the same however long it is. It has no type:
    of a boolean SQLite would be asked whether it equals 1, and would use no index for that.
    """

    inherit_cache = True

    def __init__(self, column: Any, name: str) -> None:
        listed: Any = sa.ARRAY(column.type).with_variant(sa.JSON(), "sqlite")
        super().__init__(column, sa.bindparam(name, type_=listed))


@compiles(OneOf)  # type: ignore[no-untyped-call, untyped-decorator, misc, unused-ignore]
def _one_of(element: OneOf, compiler: SQLCompiler, **options: Any) -> str:
    column, listed = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} = ANY ({listed})"


@compiles(OneOf, "sqlite")  # type: ignore[no-untyped-call, untyped-decorator, misc, unused-ignore]
def _one_of_on_sqlite(element: OneOf, compiler: SQLCompiler, **options: Any) -> str:
    column, listed = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({listed}))"  # noqa: S608  (compiled parts)


def run(
    where: Session | Connection,
    statement: sa.Executable,
    values: Values | Sequence[Values] | None = None,
) -> int:
    """Run a statement beside the ORM; gives how many rows it changed, of all that were given.

    What a session has not written yet it does not see.
    """
    return drive(_connection(where), statement, values or {})[0]


def rows(
    where: Session | Connection, statement: sa.Executable, values: Values | None = None
) -> list[Any]:
    """What such a statement finds, all at once."""
    return drive(_connection(where), statement, values or {})[1]


def column(
    where: Session | Connection, statement: sa.Executable, values: Values | None = None
) -> list[Any]:
    """What it finds in its one column."""
    return [value for (value,) in rows(where, statement, values)]


def plain(session: Session, statement: sa.Executable, values: Values, kind: type[P]) -> list[P]:
    """The same as plain rows."""
    return [kind(**row._asdict()) for row in rows(session, statement, values)]


def upsert(session: Session, model: type[Base], rows: Sequence[Values]) -> None:
    """Insert rows that have all columns, or bring those that are there to the same values."""
    if rows:
        run(session, _upsert(_connection(session).dialect.name, model), rows)


def _connection(where: Session | Connection) -> Connection:
    return where if isinstance(where, Connection) else where.connection()


@cache
def _upsert(dialect: str, model: type[Base]) -> Any:
    table: Any = model.__table__
    insert = insert_for(dialect, model)
    newer = {column.name: insert.excluded[column.name] for column in table.c}
    for key in table.primary_key:
        del newer[key.name]
    return insert.on_conflict_do_update(index_elements=[*table.primary_key], set_=newer)
