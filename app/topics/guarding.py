"""Nobody votes or joins the roll while a round opens or closes, and many vote at once.

Opening, closing and extending a round wait until every ballot that began is in the database;
whoever comes later then finds the round as it is. SQLite has one writer and needs nothing.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

ROUNDS_LOCK = 7_201_102


def share(session: Session) -> None:
    """Until the transaction ends no round opens or closes; others may do the same as we."""
    _take(session, sa.func.pg_advisory_xact_lock_shared(ROUNDS_LOCK))


def alone(session: Session) -> None:
    """Until the transaction ends nobody votes and nobody joins or leaves a roll."""
    _take(session, sa.func.pg_advisory_xact_lock(ROUNDS_LOCK))


def _take(session: Session, lock: sa.ColumnElement[object]) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(lock))
