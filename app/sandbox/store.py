"""The sandbox's own SQLite file, and the only place where it commits."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (
    key TEXT PRIMARY KEY, value TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS object (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    created INTEGER NOT NULL, customer TEXT, parent TEXT, other TEXT, status TEXT,
    body TEXT NOT NULL, hidden TEXT
);
CREATE INDEX IF NOT EXISTS object_kind ON object (kind, seq);
CREATE INDEX IF NOT EXISTS object_customer ON object (customer, kind) WHERE customer IS NOT NULL;
CREATE INDEX IF NOT EXISTS object_parent ON object (parent, kind) WHERE parent IS NOT NULL;
CREATE INDEX IF NOT EXISTS object_other ON object (other, kind) WHERE other IS NOT NULL;
CREATE TABLE IF NOT EXISTS event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL,
    created INTEGER NOT NULL, request TEXT NOT NULL, snapshot TEXT NOT NULL, previous TEXT,
    pending INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS event_created ON event (created);
CREATE TABLE IF NOT EXISTS delivery (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, endpoint TEXT NOT NULL,
    due INTEGER NOT NULL, rank REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    status TEXT NOT NULL, response INTEGER, copy INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS delivery_open ON delivery (status, rank) WHERE status = 'waiting';
CREATE INDEX IF NOT EXISTS delivery_event ON delivery (event);
CREATE TABLE IF NOT EXISTS due (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, kind TEXT NOT NULL,
    target TEXT NOT NULL, payload TEXT
);
CREATE INDEX IF NOT EXISTS due_at ON due (at, seq);
CREATE INDEX IF NOT EXISTS due_target ON due (target);
CREATE TABLE IF NOT EXISTS answer (
    key TEXT PRIMARY KEY, asked TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
    request TEXT NOT NULL, created INTEGER NOT NULL
) WITHOUT ROWID;
"""
TABLES = ("meta", "object", "event", "delivery", "due", "answer")


VERSION = 1


class StoreOutdated(Exception):
    """The file was written by another version of the sandbox; it is to be removed."""


class Store:
    """One connection behind one lock: a transaction is begun, done and ended by one thread."""

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        if self.path != ":memory:":
            Path(self.path).parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._depth = 0
        self._db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        # The process may be killed at any time; only a falling machine could lose the last write.
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute("PRAGMA busy_timeout = 5000")
        self._db.execute("PRAGMA wal_autocheckpoint = 8000")
        self._db.execute("PRAGMA cache_size = -65536")
        [found] = self._db.execute("PRAGMA user_version").fetchone()
        if found not in (0, VERSION):
            self._db.close()
            raise StoreOutdated(
                f"{self.path} belongs to another version of the sandbox: start it anew."
            )
        self._db.executescript(SCHEMA)
        self._db.execute(f"PRAGMA user_version = {VERSION}")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside is kept together or not at all; inside another one it joins it."""
        with self._lock:
            if self._depth:
                yield self._db
                return
            self._db.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            else:
                self._db.execute("COMMIT")
            finally:
                self._depth = 0

    def wipe(self) -> None:
        """Forget everything."""
        with self.transaction() as db:
            for table in TABLES:
                db.execute(f"DELETE FROM {table}")  # noqa: S608  (names above)
            db.execute("DELETE FROM sqlite_sequence")

    def close(self) -> None:
        """End the connection; the file stays."""
        with self._lock:
            self._db.close()


@contextmanager
def undone(db: sqlite3.Connection) -> Iterator[None]:
    """Take back what is written inside, within a transaction that goes on."""
    db.execute("SAVEPOINT pretence")
    try:
        yield
    finally:
        db.execute("ROLLBACK TO pretence")
        db.execute("RELEASE pretence")
