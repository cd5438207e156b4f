"""Databases for tests: each gets a copy of one that was migrated once in this process."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.ops.migrating import upgrade
from tests import pgtmp

ENGINES = ("sqlite", "postgresql")
TEMPLATE = "template_patron"


class Databases:
    """Makes databases on either engine; PostgreSQL is started when first asked for."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._numbers = count(1)

    @contextmanager
    def migrated(self, engine: str) -> Iterator[str]:
        """The address of a database that has every table and no row of the product."""
        if engine == "sqlite":
            path = self._folder / f"{next(self._numbers)}.db"
            shutil.copyfile(self._sqlite_template, path)
            with self._sqlite(path) as url:
                yield url
        else:
            with self._postgresql(self._postgresql_template) as url:
                yield url

    @contextmanager
    def empty(self, engine: str) -> Iterator[str]:
        """The address of a database without a table."""
        if engine == "sqlite":
            with self._sqlite(self._folder / f"{next(self._numbers)}.db") as url:
                yield url
        else:
            with self._postgresql("template0") as url:
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

    @cached_property
    def _postgresql_template(self) -> str:
        self.server.execute(f"CREATE DATABASE {TEMPLATE}")
        upgrade(self.server.url(TEMPLATE))
        return TEMPLATE

    @contextmanager
    def _sqlite(self, path: Path) -> Iterator[str]:
        yield f"sqlite:///{path}"
        for leftover in path.parent.glob(f"{path.name}*"):
            leftover.unlink()

    @contextmanager
    def _postgresql(self, template: str) -> Iterator[str]:
        name = f"test_{next(self._numbers)}"
        self.server.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        try:
            yield self.server.url(name)
        finally:
            self.server.execute(f"DROP DATABASE {name} WITH (FORCE)")
