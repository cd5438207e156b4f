"""Nobody votes or joins the roll while a round opens or closes, and many vote at once.

Opening, closing and extending a round wait until every ballot that began is in the database;
whoever comes later then finds the round as it is. SQLite has one writer and needs nothing.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.core.statements import rows

ROUNDS_LOCK = 7_201_104
SHARED = sa.select(sa.func.pg_advisory_xact_lock_shared(ROUNDS_LOCK))
ALONE = sa.select(sa.func.pg_advisory_xact_lock(ROUNDS_LOCK))


def share(connection: Connection) -> None:
    """Until the transaction ends no round opens or closes; others may do the same as we."""
    _take(connection, SHARED)


def alone(connection: Connection) -> None:
    """Until the transaction ends nobody votes, and nobody joins or leaves a roll.

    It is a transaction's first lock; the mirror of Stripe is never taken after it.
    """
    _take(connection, ALONE)


def _take(connection: Connection, lock: sa.Select[object]) -> None:
    if connection.dialect.name == "postgresql":
        rows(connection, lock)
