"""Alembic's entry: which database, and how SQLite is kept from losing rows.

The address comes from the caller (``config.attributes["url"]``) or from DATABASE_URL. On SQLite
foreign keys are off while tables are rebuilt (dropping a table would cascade), and checked after.
"""

from __future__ import annotations

import os
from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

import app.schema  # noqa: F401  (every room's tables)
from app.core.db import Base, Database, JSONDoc, UTCDateTime


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write our own types as plain ones, so that a migration imports nothing of the app."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, JSONDoc):
        autogen.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


def run() -> None:
    url = context.config.attributes.get("url") or os.environ.get("DATABASE_URL")
    if not url:
        raise SystemExit("DATABASE_URL is not set: which database should be migrated?")
    engine = Database(url, pool_size=1).engine
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        raw: Any = connection.connection.dbapi_connection
        if sqlite:
            raw.execute("PRAGMA foreign_keys=OFF")
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=sqlite,
            render_item=render_item,
            compare_type=True,
        )
        # All steps in one transaction: SQLite's writers queue for it, so who comes second finds the
        # revision of who came first, and a step that fails leaves the database as it was.
        with context.begin_transaction():
            context.run_migrations()
            if sqlite:
                _check_foreign_keys(connection)
        if sqlite:
            raw.execute("PRAGMA foreign_keys=ON")
    engine.dispose()


def _check_foreign_keys(connection: sa.Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise RuntimeError(f"rows without their parent after the migration: {broken[:5]}")


run()
