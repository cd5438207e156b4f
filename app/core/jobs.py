"""Work for later, written in the transaction that causes it, done at least once.

A job is claimed with a lease, tried with growing pauses and dropped from the queue when done; a
dedupe key makes the second request for the same work no work at all. Handlers are idempotent:
they may be killed anywhere and are then run again.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.clock import Clock, wall_clock
from app.core.db import Base, BigId, Database, JSONDoc, insert_once
from app.core.settings import Settings

LEASE = timedelta(minutes=5)
MOST_ATTEMPTS = 12
LONGEST_PAUSE = timedelta(hours=6)
KEEP_DONE = timedelta(days=30)
log = structlog.get_logger()


class Job(Base):
    """One piece of work. ``run_at`` is business time, ``leased_until`` wall time."""

    __tablename__ = "job"
    __table_args__ = (
        sa.CheckConstraint("state IN ('ready', 'done', 'failed')", name="state"),
        sa.CheckConstraint("attempts >= 0", name="attempts"),
        sa.Index("ix_job_due", "state", "run_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONDoc)
    dedupe_key: Mapped[str | None] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(default="ready")
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    run_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    lease: Mapped[str | None]
    done_at: Mapped[datetime | None]
    error: Mapped[str | None]


@dataclass(frozen=True, slots=True)
class Work:
    """What a handler is given. It opens its own short transactions on ``db``."""

    db: Database
    settings: Settings
    clock: Clock
    services: dict[str, Any]  # what the factory made: the gateway, the mail transport

    @property
    def now(self) -> datetime:
        return self.clock()


Handler = Callable[[Work, dict[str, Any]], None]
_handlers: dict[str, Handler] = {}
_periodic: dict[str, tuple[timedelta, Handler]] = {}


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that does a kind of job."""

    def register(function: Handler) -> Handler:
        _handlers[kind] = function
        return function

    return register


def every(period: timedelta, kind: str) -> Callable[[Handler], Handler]:
    """Register work that comes due by itself, once a period for all workers together."""

    def register(function: Handler) -> Handler:
        _handlers[kind] = function
        _periodic[kind] = (period, function)
        return function

    return register


def enqueue(
    session: Session,
    kind: str,
    *,
    now: datetime,
    payload: dict[str, Any] | None = None,
    run_at: datetime | None = None,
    dedupe_key: str | None = None,
) -> bool:
    """Ask for work, in the caller's transaction; False where the key was asked for before."""
    row = {
        "kind": kind,
        "payload": payload or {},
        "dedupe_key": dedupe_key,
        "state": "ready",
        "attempts": 0,
        "created_at": now,
        "run_at": run_at or now,
    }
    return insert_once(session, Job, row) == 1


def schedule_periodic(db: Database, *, now: datetime) -> None:
    """Put the periodic work of the current period into the queue, once."""
    with db.transaction() as session:
        for kind, (period, _) in _periodic.items():
            slot = int(now.timestamp() // period.total_seconds())
            enqueue(session, kind, now=now, dedupe_key=f"every:{kind}:{slot}")


def run_due(work: Work, *, most: int = 100) -> int:
    """Do up to ``most`` due jobs, one after the other; gives how many were tried."""
    for count in range(most):
        job = _claim(work.db, now=work.now)
        if job is None:
            return count
        _run(work, job)
    return most


def _claim(db: Database, *, now: datetime) -> Job | None:
    wall = wall_clock()
    free = sa.or_(Job.leased_until.is_(None), Job.leased_until < wall)
    due = (
        sa.select(Job)
        .where(Job.state == "ready", Job.run_at <= now, free)
        .order_by(Job.run_at, Job.id)
        .limit(1)
    )
    with db.reading() as session:  # an idle worker takes no write lock
        if session.scalar(due) is None:
            return None
    with db.transaction() as session:
        job = session.scalar(due.with_for_update(skip_locked=True))
        if job is not None:
            job.leased_until = wall + LEASE
            job.lease = secrets.token_hex(8)
            job.attempts += 1
        return job


def _run(work: Work, job: Job) -> None:
    handler = _handlers.get(job.kind)
    try:
        if handler is None:
            raise LookupError(f"no handler for jobs of kind {job.kind}")
        handler(work, job.payload)
    except Exception as error:
        log.exception("job failed", job=job.id, kind=job.kind, attempt=job.attempts)
        _finish(work, job, error=f"{type(error).__name__}: {error}"[:2000])
    else:
        _finish(work, job, error=None)


def _finish(work: Work, job: Job, *, error: str | None) -> None:
    """Note the outcome, unless the lease ran out and another worker has the job."""
    values: dict[str, Any] = {"leased_until": None, "lease": None, "error": error}
    if error is None:
        values |= {"state": "done", "done_at": work.now}
    elif job.attempts >= MOST_ATTEMPTS:
        values |= {"state": "failed"}
    else:
        pause = min(timedelta(seconds=2**job.attempts), LONGEST_PAUSE)
        values |= {"run_at": work.now + pause}
    with work.db.transaction() as session:
        mine = sa.update(Job).where(Job.id == job.id, Job.lease == job.lease)
        session.execute(mine.values(**values))


@every(timedelta(days=1), "jobs.purge")
def _purge(work: Work, _payload: dict[str, Any]) -> None:
    """Forget finished work after 30 days; failed work stays until somebody looks."""
    with work.db.transaction() as session:
        old = Job.done_at < work.now - KEEP_DONE
        session.execute(sa.delete(Job).where(Job.state == "done", old))
