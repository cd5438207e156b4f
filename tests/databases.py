"""Databases for tests, migrated once in this process: a copy on SQLite, swept on PostgreSQL.

Addresses come back, so that what SQLAlchemy compiled for a database serves the next test too.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from app.core.db import Database
from app.mail import outbox
from app.ops.migrating import upgrade
from tests import pgtmp

ENGINES = ("sqlite", "postgresql")
# Idle connections hold no lock, and what they have prepared serves the next test.
CUT_BUSY_CONNECTIONS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"""
# Changes with every table, column, constraint, trigger and function.
FINGERPRINT = """
    SELECT md5(string_agg(line, ',' ORDER BY line)) FROM (
        SELECT concat(tgrelid, tgname, tgenabled) AS line FROM pg_trigger
        UNION ALL SELECT concat(conrelid, conname, convalidated) FROM pg_constraint
        UNION ALL SELECT concat(oid, relname, relkind) FROM pg_class WHERE oid > 16383
        UNION ALL SELECT concat(attrelid, attname, atttypid, attnotnull)
            FROM pg_attribute WHERE attrelid > 16383 AND NOT attisdropped
        UNION ALL SELECT concat(proname, prosrc) FROM pg_proc WHERE oid > 16383
    ) AS lines"""
TABLES = """
    SELECT quote_ident(tablename) FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> 'alembic_version'"""
# Not ALTER SEQUENCE, which writes a new file for each of them.
COUNT_FROM_ONE = """
    SELECT setval(quote_ident(sequencename)::regclass, start_value, false) FROM pg_sequences
    WHERE last_value IS NOT NULL"""


class Databases:
    """Makes databases on either engine; PostgreSQL is started when first asked for."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._numbers = count(1)
        self._files: list[Path] = []
        self._swept: list[Broom] = []
        self._opened: dict[str, Database] = {}

    def opened(self, url: str) -> Database:
        """The database at this address, with all statements that were ever compiled for it."""
        if url not in self._opened:
            self._opened[url] = opened = Database(url, info=outbox.told("http://localhost"))
            self._stack.callback(opened.dispose)
        return self._opened[url]

    @contextmanager
    def migrated(self, engine: str) -> Iterator[str]:
        """The address of a database that has every table and no row of the product."""
        if engine == "sqlite":
            path = self._files.pop() if self._files else self._new_file()
            shutil.copyfile(self._sqlite_template, path)
            with self._sqlite(path) as url:
                yield url
            self._files.append(path)
        else:
            broom = self._swept.pop() if self._swept else self._migrated_postgresql()
            yield self.server.url(broom.name)
            if broom.sweep():
                self._swept.append(broom)

    @contextmanager
    def empty(self, engine: str) -> Iterator[str]:
        """The address of a database without a table."""
        if engine == "sqlite":
            with self._sqlite(self._new_file()) as url:
                yield url
        else:
            with self._postgresql() as url:
                yield url

    @cached_property
    def server(self) -> pgtmp.Server:
        """This process's PostgreSQL; skips the test where there can be none."""
        try:
            return self._stack.enter_context(pgtmp.serving())
        except pgtmp.Unavailable as reason:
            pytest.skip(f"PostgreSQL: {reason}")

    @cached_property
    def _sqlite_template(self) -> Path:
        path = self._folder / "template.db"
        upgrade(f"sqlite:///{path}")
        engine = sa.create_engine(f"sqlite:///{path}")
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        engine.dispose()
        return path

    def _migrated_postgresql(self) -> Broom:
        name = f"migrated_{next(self._numbers)}"
        self.server.execute(f"CREATE DATABASE {name}")
        upgrade(self.server.url(name))
        return Broom(name, self._stack.enter_context(self.server.connect(name)))

    def _new_file(self) -> Path:
        return self._folder / f"{next(self._numbers)}.db"

    @contextmanager
    def _sqlite(self, path: Path) -> Iterator[str]:
        yield f"sqlite:///{path}"
        for leftover in path.parent.glob(f"{path.name}*"):
            leftover.unlink()

    @contextmanager
    def _postgresql(self) -> Iterator[str]:
        name = f"empty_{next(self._numbers)}"
        self.server.execute(f"CREATE DATABASE {name}")
        try:
            yield self.server.url(name)
        finally:
            self.server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def let_go(db: Database) -> None:
    """At the end of a test: SQLite's file is replaced, PostgreSQL's connections serve on."""
    if db.is_sqlite:
        db.dispose()


class Broom:
    """Takes the rows out of a database again: a new copy would cost a hundred times as much."""

    def __init__(self, name: str, connection: psycopg.Connection) -> None:
        self.name = name
        self._connection = connection
        # Triggers and foreign keys sleep meanwhile, so the order of the tables does not matter.
        connection.execute("SET session_replication_role = replica")
        self._fingerprint = self._ask(FINGERPRINT)
        tables = enumerate(table for (table,) in self._ask(TABLES))
        deletes = ", ".join(f"swept_{n} AS (DELETE FROM {table})" for n, table in tables)
        self._sweeping = f"WITH {deletes} {COUNT_FROM_ONE}"

    def sweep(self) -> bool:
        """Whether it can be used again: a test may have changed more than rows."""
        self._ask(CUT_BUSY_CONNECTIONS)
        if self._ask(FINGERPRINT) != self._fingerprint:
            self._connection.close()
            return False
        self._ask(self._sweeping)
        return True

    def _ask(self, statement: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement.encode(), prepare=True).fetchall()
