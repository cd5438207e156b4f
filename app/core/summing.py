"""Sums that the database keeps by itself: what was kept apart for each writer is put together.

Triggers add to a row of the connection that writes, PostgreSQL's backend, so that two who write at
once never wait for one another. Each connection so leaves rows behind, for ever. Once a day those
of connections that ended are added to the row of writer 0, which is also SQLite's only one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from app.core import jobs
from app.core.db import Base, insert_for

WRITER = "writer"
_PIDS = sa.text("SELECT pid FROM pg_stat_activity WHERE pid IS NOT NULL")
_kept: list[type[Base]] = []


def by_writer(model: type[Base]) -> None:
    """Say that the table is such: ``writer`` in its primary key, and all beside the key sums."""
    _kept.append(model)


@jobs.every(timedelta(days=1), "sums.fold", is_long=True)
def fold(work: jobs.Work, _payload: dict[str, Any]) -> None:
    """Put together what ended connections left; every sum over all writers stays as it is."""
    if work.db.is_sqlite:
        return
    for model in _kept:
        with work.db.transaction() as session:
            session.execute(_folding(model))


def _folding(model: type[Base]) -> Any:
    """One statement, so whoever reads sees the rows apart or together.

    It waits for no row of a writer, and no living writer waits for one of its: whoever may write
    meanwhile, by a number that was given anew, holds its row or finds none and makes it.
    """
    table: Any = model.__table__
    key = [column for column in table.primary_key if column.name != WRITER]
    sums = [column for column in table.c if not column.primary_key]
    ended = sa.select(*table.primary_key).where(
        table.c[WRITER] != 0, table.c[WRITER].not_in(_PIDS.columns(sa.column("pid")))
    )
    locked = ended.with_for_update(skip_locked=True).cte("ended")
    gone = sa.delete(table).where(sa.tuple_(*table.primary_key).in_(sa.select(locked)))
    left = gone.returning(*table.c).cte("gone")
    together = sa.select(
        *(left.c[column.name] for column in key),
        sa.literal(0),
        *(sa.func.sum(left.c[column.name]) for column in sums),
    ).group_by(*(left.c[column.name] for column in key))
    insert = insert_for("postgresql", model)
    names = [column.name for column in (*key, table.c[WRITER], *sums)]
    added = {column.name: column + insert.excluded[column.name] for column in sums}
    return insert.from_select(names, together).on_conflict_do_update(
        index_elements=[*table.primary_key], set_=added
    )
