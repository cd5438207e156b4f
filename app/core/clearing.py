"""What was given up, at an operator's word: tried again as if it were new, or dropped for good."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import audit
from app.core.i18n import lazy_gettext as _l
from app.core.jobs import Job, armed_again

audit.named(
    {"jobs.retried": _l("Failed work tried again"), "jobs.dropped": _l("Failed work dropped")}
)


def retry(session: Session, key: str | None, *, now: datetime) -> list[str]:
    """Let failed work be tried again as if it were new; gives which, by kind and key.

    ``key`` is a dedupe key, or the number of a job that has none; None means all.
    """
    new = {"attempts": 0, "created_at": now, "run_at": now}
    return _written_down(session, armed_again(_named(key), new), "jobs.retried", now)


def drop(session: Session, key: str | None, *, now: datetime) -> list[str]:
    """Forget failed work, which stays undone unless it is asked for anew; else as ``retry``."""
    gone = sa.delete(Job).where(Job.state == "failed", _named(key))
    return _written_down(session, gone, "jobs.dropped", now)


def _named(key: str | None) -> sa.ColumnElement[bool]:
    if key is None:
        return sa.true()
    is_number = key.isascii() and key.isdigit() and len(key) < 19
    return sa.or_(Job.dedupe_key == key, Job.id == int(key) if is_number else sa.false())


def _written_down(session: Session, change: Any, action: str, now: datetime) -> list[str]:
    change = change.returning(Job.kind, Job.dedupe_key, Job.id)
    found = session.execute(change.execution_options(synchronize_session=False)).all()
    names = [f"{kind} ({key or number})" for kind, key, number in found]
    if names:
        told = {"jobs": ", ".join(names)}
        audit.record(session, actor_id=None, action=action, subject="jobs", details=told, now=now)
    return names
