"""What a page or a nightly job looks for is found by an index, however much is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.db import Database
from app.payments import jobs
from app.reporting import people, recovery
from app.reporting.months import last_months
from tests.clocks import START

MONTHS = last_months(START, "Europe/Kyiv", 12)


def plan(session: Session, ask: Callable[[Session], Any]) -> str:
    """How the engine would answer if there were much to read through."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        asked.append((statement, values))

    connection = session.connection()
    sa.event.listen(connection.engine, "before_cursor_execute", note)
    try:
        ask(session)
    finally:
        sa.event.remove(connection.engine, "before_cursor_execute", note)
    [(statement, values)] = asked
    how = "EXPLAIN QUERY PLAN "
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        how = "EXPLAIN "
    return str(connection.exec_driver_sql(how + statement, values).all())


@pytest.mark.parametrize(
    ("index", "ask"),
    [
        ("ix_pledge_started", lambda session: people.newest(session, most=8)),
        (
            "ix_stripe_invoice_failed",
            lambda session: recovery.by_month(session, months=MONTHS, currency="EUR"),
        ),
        ("ix_stripe_event_body", lambda session: session.scalars(jobs.done_before(START)).all()),
    ],
)
def test_by_its_index(db: Database, index: str, ask: Callable[[Session], Any]) -> None:
    with db.reading() as session:
        assert index in plan(session, ask)
