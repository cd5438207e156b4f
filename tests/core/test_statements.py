"""Statements that are made once and run with a list: they find what it names, by the index."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError

from app.core.db import Database, insert_once
from app.core.jobs import Job
from app.core.progress import Heartbeat
from app.core.statements import OneOf, Plain, column, plain, rows, run, upsert
from app.topics.models import Round
from tests.clocks import START

_table: Any = Heartbeat.__table__
NAMED = sa.select(_table.c.name, _table.c.at).where(OneOf(_table.c.name, "names"))
NAMES = sa.select(_table.c.name)
WRITE = sa.insert(_table)
OWN = sa.func.pg_backend_pid()


def _write(db: Database, *names: str) -> None:
    with db.transaction() as session:
        upsert(session, Heartbeat, [{"name": name, "at": START} for name in names])


def test_one_list_names_any_number_of_rows(db: Database) -> None:
    _write(db, "one", 'two "quoted"', "drei: ä")
    for names in ([], ["one"], ["one", 'two "quoted"', "drei: ä", "four"]):
        with db.reading() as session:
            found = rows(session, NAMED, {"names": names})

        assert {row.name for row in found} == set(names) - {"four"}


def test_a_plain_row_has_its_columns_and_their_types(db: Database) -> None:
    _write(db, "one")
    with db.reading() as session:
        assert plain(session, NAMED, {"names": ["one"]}, Plain) == [Plain(name="one", at=START)]


def test_writing_a_row_again_brings_it_to_the_new_values(db: Database) -> None:
    _write(db, "one")
    later = START.replace(year=START.year + 1)
    with db.transaction() as session:
        upsert(session, Heartbeat, [{"name": "one", "at": later}, {"name": "two", "at": later}])

    with db.reading() as session:
        found = rows(session, NAMED, {"names": ["one", "two"]})
    assert sorted(tuple(row) for row in found) == [("one", later), ("two", later)]


def test_a_list_is_looked_up_by_the_index_on_sqlite() -> None:
    db = Database("sqlite://")
    Heartbeat.__table__.create(db.engine)  # type: ignore[attr-defined]
    text = str(NAMED.compile(db.engine))
    with db.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", ("[]",)).all()
    db.dispose()

    assert "SEARCH heartbeat USING INDEX" in str(plan), plan


def test_what_goes_wrong_is_told_as_by_sqlalchemy_and_the_connection_stays_good(
    db: Database,
) -> None:
    with pytest.raises(IntegrityError), db.transaction() as session:
        run(session, WRITE, [{"name": "one", "at": START}] * 2)

    with db.transaction() as session:
        assert run(session, WRITE, {"name": "one", "at": START}) == 1
        assert column(session, NAMES, {}) == ["one"]


def test_a_default_of_python_is_written_and_one_that_is_made_each_time_must_be_given(
    db: Database,
) -> None:
    job = {"kind": "x", "state": "ready", "created_at": START, "run_at": START}
    with db.transaction() as session:
        insert_once(session, Job, job | {"payload": {"a": None}})
    with pytest.raises(ValueError, match="rule must be given"), db.transaction() as session:
        insert_once(session, Round, {"state": "draft"})

    with db.reading() as session:
        [found] = session.scalars(sa.select(Job))
    assert (found.attempts, found.payload) == (0, {"a": None})


@pytest.mark.parametrize("engine_name", ["postgresql"])  # SQLite has no connection to lose
def test_a_connection_that_is_cut_during_a_made_statement_is_given_up(database: str) -> None:
    db, cut = Database(database, pool_size=1), sa.select(sa.func.pg_terminate_backend(OWN))
    with pytest.raises(OperationalError) as told, db.statement() as connection:
        rows(connection, cut)

    assert told.value.connection_invalidated
    with db.reading() as session:
        assert column(session, NAMES) == []
    db.dispose()
