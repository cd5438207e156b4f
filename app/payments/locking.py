"""One at a time: what is told of one object of Stripe's says something about others.

A charge learns whose it is from an invoice payment and an invoice; two workers that each see half
of the three would both miss the link. SQLite's writer has the whole file anyway.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.statements import column, rows

MIRROR = 7_201_102
_WAIT = sa.select(sa.func.pg_advisory_xact_lock(MIRROR))
_TRY = sa.select(sa.func.pg_try_advisory_xact_lock(MIRROR))


def wait(session: Session) -> None:
    """Take the mirror for this transaction, after whoever has it now."""
    if session.get_bind().dialect.name == "postgresql":
        rows(session, _WAIT)


def try_now(session: Session) -> bool:
    """Take the mirror if nobody has it; a second worker has other things to do meanwhile."""
    if session.get_bind().dialect.name == "postgresql":
        [taken] = column(session, _TRY)
        return bool(taken)
    return True
