"""Writing events into the inbox with the driver's own statement.

Stripe waits for it, a thousand times a minute on the first of the month: there is one statement,
made once, and no session around it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect

from app.payments.models import StripeEvent

Row = dict[str, Any]
COLUMNS = (
    "event_id", "type", "api_version", "created", "object_id", "body", "received_at", "state",
    "attempts", "next_try_at",
)  # fmt: skip
_TABLE: Any = StripeEvent.__table__


def keep(connection: Connection, rows: list[Row]) -> int:
    """Insert rows, leaving out events that are there; of a single one gives how many were new."""
    dialect = connection.dialect
    times = _times(dialect)
    values = [{name: _spelled(times, name, row[name]) for name in COLUMNS} for row in rows]
    in_order = dialect.paramstyle == "qmark"
    given: Any = [tuple(row.values()) for row in values] if in_order else values
    result = connection.exec_driver_sql(_statement(dialect), given if len(given) > 1 else given[0])
    return int(result.rowcount)


def _spelled(times: dict[str, Callable[[Any], Any]], name: str, value: Any) -> Any:
    return times[name](value) if name in times else value


@cache
def _statement(dialect: Dialect) -> str:
    mark = "?" if dialect.paramstyle == "qmark" else "%({})s"
    marks = ", ".join(mark.format(name) for name in COLUMNS)
    return (
        f"INSERT INTO {_TABLE.name} ({', '.join(COLUMNS)}) VALUES ({marks}) "  # noqa: S608
        "ON CONFLICT DO NOTHING"
    )


@cache
def _times(dialect: Dialect) -> dict[str, Callable[[Any], Any]]:
    """How this engine spells the columns that it does not take as they are."""
    found: dict[str, Callable[[Any], Any]] = {}
    for name in COLUMNS:
        column: sa.Column[Any] = _TABLE.c[name]
        spell = column.type.dialect_impl(dialect).bind_processor(dialect)
        if spell is not None:
            found[name] = spell
    return found
