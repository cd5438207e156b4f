"""The audit log cannot be changed unnoticed, and hardly at all."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from app.core import audit
from app.core.db import Database
from tests.clocks import START


def write(db: Database, count: int) -> None:
    for number in range(count):
        with db.transaction() as session:
            audit.record(
                session, actor_id=None, action="test.done", subject=f"thing:{number}", now=START,
                details={"number": number, "word": "дев’ять"},
            )  # fmt: skip


def test_the_chain_is_whole_as_it_is_written(db: Database) -> None:
    write(db, 5)
    with db.reading() as session:
        assert audit.first_broken(session) is None


@pytest.mark.parametrize("verb", ["UPDATE audit_entry SET action = 'x'", "DELETE FROM audit_entry"])
def test_the_database_refuses_to_change_or_delete_an_entry(db: Database, verb: str) -> None:
    write(db, 1)
    with pytest.raises(DBAPIError, match="append-only"), db.transaction() as session:
        session.execute(sa.text(verb))


@pytest.mark.parametrize("engine_name", ["postgresql"])  # SQLite's way to empty a table is DELETE
@pytest.mark.parametrize("table", ["audit_entry", "ledger_entry"])
def test_the_database_refuses_to_empty_what_only_grows(db: Database, table: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"), db.transaction() as session:
        session.execute(sa.text(f"TRUNCATE {table} CASCADE"))


def test_an_entry_changed_behind_the_database_is_found(db: Database) -> None:
    write(db, 4)
    with db.transaction() as session:
        if db.is_sqlite:
            session.execute(sa.text("DROP TRIGGER audit_entry_no_update"))
        else:
            session.execute(sa.text("ALTER TABLE audit_entry DISABLE TRIGGER USER"))
        session.execute(sa.text("UPDATE audit_entry SET subject = 'thing:9' WHERE id = 3"))
    with db.reading() as session:
        assert audit.first_broken(session) == 3
