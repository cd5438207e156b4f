"""The raw driver of either engine behind one spelling: what the floor stands on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy.engine import make_url

Row = Sequence[Any]


class Driver:
    """One connection; statements are written with ``?``."""

    def __init__(self, url: str) -> None:
        parts = make_url(url)
        self.is_sqlite = parts.get_backend_name() == "sqlite"
        self._connection: Any
        if self.is_sqlite:
            self._connection = sqlite3.connect(str(parts.database), isolation_level=None, timeout=5)
            for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
                self._connection.execute(f"PRAGMA {pragma}")
        else:
            import psycopg

            self._connection = psycopg.connect(
                host=str(parts.query["host"]),
                user=parts.username,
                dbname=parts.database,
                autocommit=True,
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing; without one each statement stands alone."""
        if not self.is_sqlite:
            with self._connection.transaction():
                yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def execute(self, statement: str, values: Row = ()) -> Any:
        return self._connection.execute(self._spelled(statement), values)

    def execute_each(self, statement: str, rows: Sequence[Row]) -> None:
        """The same statement for many rows, in as few round trips as the driver can."""
        if not rows:
            return
        if self.is_sqlite:
            self._connection.executemany(statement, rows)
        else:
            with self._connection.cursor() as cursor:
                cursor.executemany(self._spelled(statement), rows)

    def time(self, moment: datetime) -> object:
        """An instant as this database keeps it."""
        if self.is_sqlite:
            return moment.replace(tzinfo=None).isoformat(" ", "microseconds")
        return moment

    def _spelled(self, statement: str) -> str:
        return statement if self.is_sqlite else statement.replace("?", "%s")
