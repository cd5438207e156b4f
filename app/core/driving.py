"""A statement as the driver takes it: what SQLAlchemy knows of it is asked once, not each time.

Its way around a statement takes several times what the driver needs for one of ours. Errors are
SQLAlchemy's all the same, and whoever listens to the engine hears of each statement.
"""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect

Values = Mapping[str, Any]
Way = Callable[[Any], Any] | None  # what a type makes of a value; None leaves it as it is
MOST_MADE = 2000  # of all engines of a process
CURSOR = "driving.cursor"
NAMED = re.compile(r"%\((\w+)\)s")


def drive(
    connection: Connection, statement: sa.Executable, values: Values | Sequence[Values]
) -> tuple[int, list[Any]]:
    """Run a statement once, or for each of many; gives how many rows it changed and what it found.

    What is found has its columns for attributes. Many find nothing.
    """
    rows: Sequence[Values] = [values] if isinstance(values, Mapping) else values
    is_many = len(rows) > 1
    made = _made(statement, connection.dialect, tuple(rows[0]))
    cursor = _cursor(connection)
    try:
        given = made.given(rows)
        for hear in connection.dispatch.before_cursor_execute:
            hear(connection, cursor, made.text, given, None, is_many)
        if is_many:
            cursor.executemany(made.text, given)
        else:
            cursor.execute(made.text, given[0])
        return cursor.rowcount, made.found(cursor.fetchall()) if made.finds else []
    except Exception as error:
        # The one place that turns a driver's errors into SQLAlchemy's, and drops a lost connection.
        connection._handle_dbapi_exception(error, made.text, None, None, None)


class Made:
    """The words of a statement for one engine, and the order and spelling of its values."""

    def __init__(self, statement: sa.Executable, dialect: Dialect, names: Sequence[str]) -> None:
        element: Any = statement
        # Said to be for many rows, an INSERT of one gives back no key that nobody asked for.
        compiled = element.compile(dialect=dialect, column_keys=names, for_executemany=True)
        whole = compiled.construct_expanded_state(dict.fromkeys(names))
        standing = {**whole.parameters, **_defaults(compiled)}
        self.text = NAMED.sub("%s", whole.statement)
        self._order = [
            (name, _bind_way(compiled, name, dialect))
            for name in whole.positiontup or NAMED.findall(whole.statement)
        ]
        self._fixed = {
            name: way(standing[name]) if way else standing[name]
            for name, way in self._order
            if name not in names
        }
        columns = element.exported_columns
        self.finds = len(columns) > 0
        self._row: Any = namedtuple("Row", columns.keys())  # type: ignore[misc]
        self._ways = [
            (place, way)
            for place, column in enumerate(columns)
            if (way := column.type.dialect_impl(dialect).result_processor(dialect, None))
        ]

    def given(self, rows: Sequence[Values]) -> list[tuple[Any, ...]]:
        """The values of rows as the driver takes them."""
        columns: list[Any] = [
            repeat(self._fixed[name], len(rows)) if name in self._fixed
            else [row[name] for row in rows] if way is None
            else [way(row[name]) for row in rows]
            for name, way in self._order
        ]  # fmt: skip
        return list(zip(*columns, strict=True)) or [()]

    def found(self, rows: list[Any]) -> list[Any]:
        """Rows as the driver gives them, as our types read them."""
        if self._ways and rows:
            columns: list[Any] = list(zip(*rows, strict=True))
            for place, way in self._ways:
                columns[place] = map(way, columns[place])
            rows = list(zip(*columns, strict=True))
        return list(map(self._row._make, rows))


def _cursor(connection: Connection) -> Any:
    """The cursor that a connection keeps for us: psycopg's learns how to write each type."""
    kept = connection.info
    if CURSOR not in kept:
        kept[CURSOR] = connection.connection.cursor()
    return kept[CURSOR]


@lru_cache(MOST_MADE)
def _made(statement: sa.Executable, dialect: Dialect, names: tuple[str, ...]) -> Made:
    return Made(statement, dialect, names)


def _defaults(compiled: Any) -> dict[str, Any]:
    """What columns have that are not given. Raises ValueError for one that is made each time."""
    columns = [*compiled.insert_prefetch, *compiled.update_prefetch]
    made = [column.key for column in columns if not column.default.is_scalar]
    if made:
        raise ValueError(f"{', '.join(made)} must be given: {compiled}")
    return {column.key: column.default.arg for column in columns}


def _bind_way(compiled: Any, name: str, dialect: Dialect) -> Way:
    """How the type of a value spells it; what stands in a fixed list of words needs no spelling."""
    if name not in compiled.binds:
        return None
    way: Way = compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)
    return way
