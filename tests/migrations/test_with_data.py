"""No migration loses a row: each step goes up, down and up with one in every table."""

from __future__ import annotations

import pytest

from app.core.db import Database
from app.ops.migrating import downgrade, upgrade
from tests.databases import Databases
from tests.migrations.filling import counts, fill
from tests.migrations.test_shape import opened, steps


@pytest.mark.slow
def test_every_step_keeps_the_rows_of_the_tables_that_stay(
    engine_name: str, databases: Databases
) -> None:
    with opened(databases, engine_name) as db:
        url = db.url.render_as_string(hide_password=False)
        for step in steps():
            before = counts(db)
            upgrade(url, step)
            assert counts(db, before) == before, f"{step} loses rows on the way up"
            fill(db)
            full = counts(db)
            assert min(full.values()) == 1
            downgrade(url, "-1")
            assert counts(db) == {table: full[table] for table in counts(db)}
            upgrade(url, step)
            assert counts(db, before) == {table: full[table] for table in before}
            fill(db)


def test_a_row_in_every_table_means_every_table(db: Database) -> None:
    fill(db)

    assert len(counts(db)) > 25
    assert min(counts(db).values()) == 1
