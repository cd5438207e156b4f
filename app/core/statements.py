"""Statements that are made once, when their module is read, and run with new values each time.

To build one and find it among the compiled takes longer than to run it. So where hundreds of rows
go by, or the same few every time, they are made beforehand and run beside the ORM, as plain rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from app.core.db import Base, insert_for

Values = Mapping[str, Any]
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
    session: Session, statement: sa.Executable, values: Values | Sequence[Values] | None = None
) -> sa.CursorResult[*tuple[Any, ...]]:
    """Run a statement beside the ORM; what the session has not written yet it does not see."""
    return session.connection().execute(statement, values)


def rows(session: Session, statement: sa.Executable, values: Values) -> Sequence[Any]:
    """What such a statement finds, all at once."""
    return run(session, statement, values).all()


def plain(session: Session, statement: sa.Executable, values: Values, kind: type[P]) -> list[P]:
    """The same as plain rows."""
    found = run(session, statement, values)
    names = list(found.keys())
    return [kind(**dict(zip(names, row, strict=True))) for row in found.all()]


def upsert(session: Session, model: type[Base], rows: Sequence[Values]) -> None:
    """Insert rows that have all columns, or bring those that are there to the same values."""
    if rows:
        connection = session.connection()
        connection.execute(_upsert(connection.dialect.name, model), rows)


@cache
def _upsert(dialect: str, model: type[Base]) -> Any:
    table: Any = model.__table__
    insert = insert_for(dialect, model)
    newer = {column.name: insert.excluded[column.name] for column in table.c}
    for key in table.primary_key:
        del newer[key.name]
    return insert.on_conflict_do_update(index_elements=[*table.primary_key], set_=newer)
