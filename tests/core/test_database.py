"""Transactions that lose nothing, and columns that refuse what cannot be kept."""

from __future__ import annotations

import threading
import traceback
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, StatementError

from app.core.db import Database, insert_once
from app.core.progress import Heartbeat, Progress, beat
from tests.clocks import START

ROW = {"name": "ann@example.org"}


def test_read_modify_write_from_eight_threads_loses_nothing(db: Database) -> None:
    with db.transaction() as session:
        session.add(Progress(name="count", done=0, total=1000, started_at=START))

    def add() -> None:
        for _ in range(10):
            with db.transaction() as session:
                row = session.get_one(Progress, "count", with_for_update=True)
                row.done += 1

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with db.reading() as session:
        assert session.get_one(Progress, "count").done == 80


def test_who_reads_sees_one_moment(db: Database) -> None:
    with db.reading() as session:
        before = session.scalars(sa.select(Heartbeat.name)).all()
        with db.transaction() as other:
            beat(other, name="worker", wall=START)
        assert session.scalars(sa.select(Heartbeat.name)).all() == before == []
    with db.reading() as session:
        assert session.scalars(sa.select(Heartbeat.name)).all() == ["worker"]


@pytest.mark.parametrize("engine_name", ["postgresql"])  # SQLite knows it of connections only
def test_who_only_reads_cannot_write(db: Database) -> None:
    with pytest.raises(DBAPIError, match="read-only"), db.reading() as session:
        beat(session, name="worker", wall=START)


def test_a_statement_alone_is_kept_and_leaves_no_trace_on_its_connection(database: str) -> None:
    db = Database(database, pool_size=1)
    row = {"name": "alone", "at": START}
    with db.statement() as connection:
        connection.execute(sa.insert(Heartbeat), row)

    twins = [row | {"name": "taken back"}, row]
    with pytest.raises(DBAPIError), db.transaction() as session:
        session.add_all([Heartbeat(**one) for one in twins])

    with db.reading() as session:
        assert session.scalars(sa.select(Heartbeat.name)).all() == ["alone"]
    db.dispose()


def test_the_same_key_inserted_twice_is_one_row_and_no_error(db: Database) -> None:
    row = {"name": "worker", "at": START}
    with db.transaction() as session:
        assert insert_once(session, Heartbeat, row) == 1
        assert insert_once(session, Heartbeat, row) == 0


@pytest.mark.parametrize(
    "fault",
    [
        "INSERT INTO heartbeat (name, at) VALUES (:name, NULL)",
        "INSERT INTO heartbeat (name, at) VALUES (:name, '2026-06-10'), (:name, '2026-06-10')",
        "SELECT * FROM heartbeats WHERE name = :name",
    ],
)
def test_no_error_says_what_was_in_the_rows(db: Database, fault: str) -> None:
    with pytest.raises(DBAPIError) as refused, db.transaction() as session:
        session.execute(sa.text(fault), ROW)
    told = "".join(traceback.format_exception(refused.value))
    assert ROW["name"] not in told
    assert "heartbeat" in told, "but it says what went wrong"


def test_a_time_keeps_its_instant_whatever_zone_it_came_in(db: Database) -> None:
    kyiv = timezone(timedelta(hours=3))
    with db.transaction() as session:
        beat(session, name="w", wall=datetime(2026, 6, 10, 15, 0, tzinfo=kyiv))
    with db.reading() as session:
        kept = session.get_one(Heartbeat, "w").at
    assert kept == datetime(2026, 6, 10, 12, 0, tzinfo=UTC)
    assert kept.tzinfo is not None


def test_a_time_without_a_zone_is_refused(db: Database) -> None:
    with pytest.raises(StatementError, match="without a zone"), db.transaction() as session:
        beat(session, name="w", wall=datetime(2026, 6, 10, 12, 0))  # noqa: DTZ001


def test_an_error_takes_the_whole_transaction_back(db: Database) -> None:
    def fail_half_way() -> None:
        with db.transaction() as session:
            beat(session, name="w", wall=START)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Heartbeat)) == 0


def test_a_row_without_its_parent_is_refused(db: Database) -> None:
    missing = "INSERT INTO topic_text (topic_id, language, title, text) VALUES (9, 'en', 't', '')"
    with pytest.raises(DBAPIError), db.transaction() as session:
        session.execute(sa.text(missing))


@pytest.mark.parametrize("engine_name", ["postgresql"])  # SQLite has no connection to lose
def test_a_connection_that_was_cut_after_its_last_use_is_replaced_unnoticed(database: str) -> None:
    db, other = Database(database, pool_size=1), Database(database)
    for way in (db.statement, db.transaction, db.reading, db.writing):
        with db.statement() as idle:
            own = idle.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with other.statement() as connection:
            connection.exec_driver_sql(f"SELECT pg_terminate_backend({own}, 5000)")

        with way() as opened:
            assert opened.execute(sa.text("SELECT pg_backend_pid()")).scalar_one() != own
    db.dispose()
    other.dispose()
