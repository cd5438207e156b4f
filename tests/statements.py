"""What a piece of work asks of the database, statement by statement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from app.core.db import Database

OF_THE_ENGINE = ("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE")


@contextmanager
def statements(db: Database) -> Iterator[list[str]]:
    """Collect the statements that go through this database's engine meanwhile."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(OF_THE_ENGINE):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
