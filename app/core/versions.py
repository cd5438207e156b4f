"""Whether anything was written, asked of the database itself: exact, and cheap."""

from __future__ import annotations

from contextlib import ExitStack
from threading import Lock
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection

from app.core.db import Database


class Versions:
    """The version of a database; on SQLite one connection is kept to compare with."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = Lock()
        self._open = ExitStack()
        self._own: Connection | None = None
        self._connections = 0
        event.listen(db.engine, "engine_disposed", self._close)

    def now(self) -> object:
        """A value that is another one as soon as any process has committed a change.

        Source: SQLite, "PRAGMA data_version", which compares within one connection;
        PostgreSQL, "pg_current_snapshot()", which tells of every writing transaction's end.
        """
        if not self._db.is_sqlite:
            with self._db.statement() as connection:
                return _first(connection, "SELECT pg_current_snapshot()::text")
        with self._lock:
            if self._own is None:
                self._own = self._open.enter_context(self._db.statement())
                self._own.detach()  # never anybody else's
                self._connections += 1
            return self._connections, _first(self._own, "PRAGMA data_version")

    def _close(self, _engine: Any) -> None:
        with self._lock:
            self._open.close()
            self._own = None


def _first(connection: Connection, question: str) -> object:
    return connection.exec_driver_sql(question).scalar_one()
