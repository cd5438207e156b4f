"""Sums with a row for each connection: those of connections that ended become one row, unharmed."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from app.core import summing
from app.core.db import Database
from app.core.jobs import Work
from app.core.settings import Settings
from app.reporting import checks
from app.reporting.models import Movement, MovementDay
from tests.clocks import START, FixedClock
from tests.factories import make_account

pytestmark = pytest.mark.parametrize("engine_name", ["postgresql"])  # SQLite has one writer
ONE = {"currency": "EUR", "kind": "new", "delta": 1, "value_after": 1}


@pytest.fixture
def work(db: Database, settings: Settings, clock: FixedClock) -> Work:
    return Work(db, settings, clock, {})


def move(db: Database) -> None:
    with db.transaction() as session:
        account = make_account(session, now=START)
        session.execute(sa.insert(Movement).values(account_id=account, occurred_at=START, **ONE))


def move_and_leave(url: str) -> None:
    """A process that books one movement, and ends."""
    passing = Database(url, pool_size=1)
    move(passing)
    passing.dispose()


def rows(db: Database) -> dict[bool, list[int]]:
    """What the rows say, by whether they are put together."""
    kept = sa.select(MovementDay.writer, MovementDay.moves).order_by(MovementDay.moves)
    with db.reading() as session:
        assert checks.run(session, START)["Sums by day are a recount"] == []
        found = session.execute(kept).all()
    return {is_one: [n for who, n in found if (who == 0) is is_one] for is_one in (True, False)}


def fold_until(work: Work, wanted: dict[bool, list[int]]) -> None:
    """Fold, and once more where a connection took a moment to end."""
    for _ in range(200):
        summing.fold(work, {})
        if rows(work.db) == wanted:
            return
    assert rows(work.db) == wanted


def test_what_ended_connections_left_becomes_one_row_and_a_living_ones_stays(
    work: Work, database: str
) -> None:
    for _ in range(3):
        move_and_leave(database)
    move(work.db)
    assert rows(work.db) == {True: [], False: [1, 1, 1, 1]}
    fold_until(work, {True: [3], False: [1]})
    move_and_leave(database)
    fold_until(work, {True: [4], False: [1]})


def test_nothing_is_lost_or_waited_for_while_others_write(work: Work, database: str) -> None:
    def come_and_go() -> None:
        for _ in range(5):
            move_and_leave(database)

    with work.db.transaction() as session:  # its row stays locked, as of one that is alive
        account = make_account(session, now=START)
        session.execute(sa.insert(Movement).values(account_id=account, occurred_at=START, **ONE))
        writers = [threading.Thread(target=come_and_go) for _ in range(3)]
        for writer in writers:
            writer.start()
        while any(writer.is_alive() for writer in writers):
            summing.fold(work, {})
        fold_until(work, {True: [15], False: []})
    assert rows(work.db) == {True: [15], False: [1]}


def test_a_row_that_is_being_written_is_left_to_the_next_time(
    work: Work, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(work.db)
    monkeypatch.setattr(summing, "_PIDS", sa.text("SELECT 1 AS pid"))  # as if all had ended
    with work.db.transaction() as session:
        session.execute(sa.update(MovementDay).values(moves=MovementDay.moves))
        summing.fold(work, {})
    assert rows(work.db) == {True: [], False: [1]}
    fold_until(work, {True: [1], False: []})
    move(work.db)
    assert rows(work.db) == {True: [1], False: [1]}
