"""Bringing a database to the shape the code expects."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from app.core.db import Database
from app.core.settings import ROOT

STARTING = 7_201_103


def upgrade(url: str, revision: str = "head") -> None:
    """Migrate the database at this address up to a revision."""
    command.upgrade(_config(url), revision)


@contextmanager
def in_turn(db: Database) -> Iterator[None]:
    """Let processes that start together do so one after the other; SQLite's writers do already."""
    if db.is_sqlite:
        yield
        return
    with db.writing() as connection:  # its end gives the lock back, whatever happened
        connection.execute(sa.text("SET LOCAL lock_timeout = 0"))  # a migration may take long
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(STARTING)))
        yield


def downgrade(url: str, revision: str) -> None:
    """Migrate the database at this address down to a revision; "base" is empty."""
    command.downgrade(_config(url), revision)


def head() -> str:
    """The newest revision that the code has."""
    return str(ScriptDirectory.from_config(_config("")).get_current_head())


def _config(url: str) -> Config:
    config = Config(toml_file=ROOT / "pyproject.toml")
    config.attributes["url"] = url
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return config
