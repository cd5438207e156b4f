"""Statements that are made once and run with a list: they find what it names, by the index."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from app.core.db import Database
from app.core.progress import Heartbeat
from app.core.statements import OneOf, Plain, plain, rows, upsert
from tests.clocks import START

_table: Any = Heartbeat.__table__
NAMED = sa.select(_table.c.name, _table.c.at).where(OneOf(_table.c.name, "names"))


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
