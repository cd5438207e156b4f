"""Work for later, written in the transaction that causes it, done at least once.

A job is claimed with a lease, tried with growing pauses and dropped from the queue when done; a
dedupe key makes the second request for the same work no work at all. The lease is short and renewed
for as long as the process lives that does the job, however long that takes. Handlers are
idempotent: they may be killed anywhere and are then run again. What failed for a week stays to be
looked at, until the same work is asked for again or an operator lets it be tried again.

Kinds that ask Stripe or walk through everything are declared long: a worker does them beside the
others, so that no mail waits for them. What somebody sits and waits for, a sign-in mail, is asked
for as awaited: it goes before all that was asked for earlier.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Thread
from time import monotonic
from typing import Any, Literal

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import statements
from app.core.clock import Clock, wall_clock
from app.core.db import Base, BigId, Database, JSONDoc, insert_once
from app.core.settings import Settings
from app.core.statements import OneOf

LEASE = timedelta(minutes=2)
RENEW_SECONDS = 20  # five renewals may fail, and clocks of two machines differ, before a lease ends
LONGEST_PAUSE = timedelta(hours=6)
MOST_ATTEMPTS = 42  # a week: nine hours of pauses that double, then one each six hours
PERIODIC = "every:"  # how the keys of periodic work begin
KEEP_DONE = timedelta(days=30)
BATCH = 25  # jobs leased at once
LONGEST_BATCH = 5  # seconds that a batch may hold up what is asked for meanwhile
AWAITED, EVERYDAY = 0, 1  # ranks
log = structlog.get_logger()


class Job(Base):
    """One piece of work. ``run_at`` is business time, ``leased_until`` wall time.

    ``rank`` is whose turn it is: 0 what somebody waits for, 1 everything else.
    """

    __tablename__ = "job"
    __table_args__ = (
        sa.CheckConstraint("state IN ('ready', 'done', 'failed')", name="state"),
        sa.CheckConstraint("attempts >= 0", name="attempts"),
        sa.CheckConstraint("rank IN (0, 1)", name="rank"),
        sa.Index("ix_job_due", "state", "rank", "run_at", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONDoc)
    dedupe_key: Mapped[str | None] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(default="ready")
    rank: Mapped[int] = mapped_column(default=EVERYDAY)
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    run_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    lease: Mapped[str | None]
    done_at: Mapped[datetime | None]
    error: Mapped[str | None]


_ASKED = sa.select(Job.dedupe_key, Job.state).where(OneOf(Job.__table__.c.dedupe_key, "keys"))


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


Lane = Literal["short", "long"]
Handler = Callable[[Work, dict[str, Any]], None]
_handlers: dict[str, Handler] = {}
_long: set[str] = set()
_periodic: dict[str, tuple[timedelta, Handler]] = {}


def handles(kind: str, *, is_long: bool = False) -> Callable[[Handler], Handler]:
    """Register the function that does a kind of job, and whether it may take long."""

    def register(function: Handler) -> Handler:
        _handlers[kind] = function
        if is_long:
            _long.add(kind)
        return function

    return register


def every(period: timedelta, kind: str, *, is_long: bool = False) -> Callable[[Handler], Handler]:
    """Register work that comes due by itself, once a period for all workers together."""

    def register(function: Handler) -> Handler:
        _periodic[kind] = (period, function)
        return handles(kind, is_long=is_long)(function)

    return register


def enqueue(
    session: Session,
    kind: str,
    *,
    now: datetime,
    payload: dict[str, Any] | None = None,
    run_at: datetime | None = None,
    dedupe_key: str | None = None,
    awaited: bool = False,
) -> bool:
    """Ask for work, in the caller's transaction; False where the key was asked for before.

    What was asked for, tried for a week and given up is asked for anew. What is ``awaited`` by
    somebody goes before what is not.
    """
    row = _row(kind, payload or {}, dedupe_key, now=now, run_at=run_at or now)
    row["rank"] = AWAITED if awaited else EVERYDAY
    if insert_once(session, Job, row) == 1:
        return True
    again: Any = session.execute(armed_again(Job.dedupe_key == dedupe_key, row))
    return bool(again.rowcount == 1)


def enqueue_each(
    session: Session, kind: str, payloads: Mapping[str, dict[str, Any]], *, now: datetime
) -> None:
    """Ask for work of one kind for each dedupe key, as ``enqueue`` does for one."""
    if not payloads:
        return
    # Events of one payment ask for the same: reading costs half of inserting in vain.
    known = dict(statements.rows(session, _ASKED, {"keys": list(payloads)}))
    rows = [
        _row(kind, payload, key, now=now, run_at=now)
        for key, payload in payloads.items()
        if key not in known
    ]
    if rows:
        insert_once(session, Job, rows)
    for key in (key for key, state in known.items() if state == "failed"):
        enqueue(session, kind, now=now, payload=payloads[key], dedupe_key=key)


def _row(
    kind: str, payload: dict[str, Any], dedupe_key: str | None, *, now: datetime, run_at: datetime
) -> dict[str, Any]:
    return {
        "kind": kind,
        "payload": payload,
        "dedupe_key": dedupe_key,
        "state": "ready",
        "rank": EVERYDAY,
        "attempts": 0,
        "created_at": now,
        "run_at": run_at,
    }


def armed_again(which: sa.ColumnElement[bool], values: dict[str, Any]) -> Any:
    """A statement that lets work which was given up be tried again, with these values."""
    again = sa.update(Job).where(Job.state == "failed", which)
    ready = values | {"state": "ready", "error": None}
    return again.values(**ready).execution_options(synchronize_session=False)


def schedule_periodic(db: Database, *, now: datetime) -> None:
    """Put the periodic work of the current period into the queue, once."""
    rows = []
    for kind, (period, _) in _periodic.items():
        slot = int(now.timestamp() // period.total_seconds())
        rows.append(_row(kind, {}, f"{PERIODIC}{kind}:{slot}", now=now, run_at=now))
    with db.transaction() as session:
        insert_once(session, Job, rows)


def run_due(work: Work, *, most: int = 100, lane: Lane | None = None) -> int:
    """Do up to ``most`` due jobs, one after the other; gives how many were tried.

    Without a lane, jobs of all kinds.
    """
    tried = 0
    while tried < most:
        batch = _claim(work.db, now=work.now, most=min(BATCH, most - tried), lane=lane)
        count = _run(work, batch) if batch else 0
        tried += count
        if count == 0 or count < len(batch):
            break
    return tried


def _claim(db: Database, *, now: datetime, most: int, lane: Lane | None = None) -> list[Job]:
    """Lease some due jobs of one rank, at once: a transaction for each would cost more than most.

    What is awaited is so a batch of its own, and what it asks for in turn is in the next.
    """
    wall = wall_clock()
    with db.reading() as session:  # an idle worker takes no write lock
        rank = session.scalar(_due(Job.rank, now, wall, lane).limit(1))
    if rank is None:
        return []
    due = _due(Job, now, wall, lane).where(Job.rank == rank).limit(most)
    lease = secrets.token_hex(8)
    with db.transaction() as session:
        jobs = list(session.scalars(due.with_for_update(skip_locked=True)))
        for job in jobs:
            job.leased_until = wall + LEASE
            job.lease = lease
            job.attempts += 1
        return jobs


def _due(what: Any, now: datetime, wall: datetime, lane: Lane | None) -> sa.Select[tuple[Any]]:
    free = sa.or_(Job.leased_until.is_(None), Job.leased_until < wall)
    due = sa.select(what).where(Job.state == "ready", Job.run_at <= now, free)
    if lane is not None:
        due = due.where(Job.kind.in_(_long) if lane == "long" else Job.kind.not_in(_long))
    return due.order_by(Job.rank, Job.run_at, Job.id)


def _run(work: Work, batch: list[Job]) -> int:
    """Do what was leased; what slow jobs left no time for is given back untried."""
    began = monotonic()
    done: list[Job] = []
    tried = 0
    with _renewed(work.db, batch):
        for job in batch:
            if monotonic() - began > LONGEST_BATCH:
                break
            tried += 1
            error = _try(work, job)
            if error is None:
                done.append(job)
            else:
                _postpone(work, job, error=error)
    _finish(work, done)
    _give_back(work.db, batch[tried:])
    return tried


@contextmanager
def _renewed(db: Database, batch: list[Job]) -> Iterator[None]:
    """Keep the lease of a batch from ending meanwhile, unless this process is killed."""
    ended = Event()
    beside = Thread(target=_renew, args=(db, batch, ended), name="leases", daemon=True)
    beside.start()
    try:
        yield
    finally:
        ended.set()
        beside.join()


def _renew(db: Database, batch: list[Job], ended: Event) -> None:
    while not ended.wait(RENEW_SECONDS):
        try:
            with db.transaction() as session:
                until = wall_clock() + LEASE
                session.execute(sa.update(Job).where(_held(batch)).values(leased_until=until))
        except SQLAlchemyError as error:
            log.warning("a lease could not be renewed; trying again", error=str(error)[:300])


def _try(work: Work, job: Job) -> str | None:
    handler = _handlers.get(job.kind)
    try:
        if handler is None:
            raise LookupError(f"no handler for jobs of kind {job.kind}")
        handler(work, job.payload)
    except Exception as error:
        log.exception("job failed", job=job.id, kind=job.kind, attempt=job.attempts)
        return f"{type(error).__name__}: {error}"[:2000]
    return None


def _finish(work: Work, done: list[Job]) -> None:
    """Note what was done, unless a lease ran out and another worker has the job."""
    if not done:
        return
    values = {"leased_until": None, "lease": None, "error": None, "state": "done"}
    with work.db.transaction() as session:
        session.execute(sa.update(Job).where(_held(done)).values(done_at=work.now, **values))
        for job in done:
            _forget_earlier(session, job)


def _postpone(work: Work, job: Job, *, error: str) -> None:
    """Try a failed job again after a pause that grows; after the last try it stays as failed."""
    values: dict[str, Any] = {"leased_until": None, "lease": None, "error": error}
    # Beyond this power, pauses are past the longest, and past what a timedelta can hold.
    pause = min(timedelta(seconds=2 ** min(job.attempts, 20)), LONGEST_PAUSE)
    is_last = _is_last(job, work.now + pause)
    values |= {"state": "failed"} if is_last else {"run_at": work.now + pause}
    with work.db.transaction() as session:
        mine = sa.update(Job).where(Job.id == job.id, Job.lease == job.lease)
        session.execute(mine.values(**values))
        if is_last:
            _forget_earlier(session, job)


def _is_last(job: Job, again: datetime) -> bool:
    """Whether a try is the last; periodic work is left to the next period, which does the same."""
    if _is_periodic(job) and job.kind in _periodic:
        period, _ = _periodic[job.kind]
        return again >= job.created_at + period
    return job.attempts >= MOST_ATTEMPTS


def _forget_earlier(session: Session, job: Job) -> None:
    """What periodic work missed in earlier periods was done, or is told of, by this one."""
    if _is_periodic(job):
        earlier = Job.state == "failed", Job.kind == job.kind, Job.id < job.id
        session.execute(sa.delete(Job).where(*earlier))


def _is_periodic(job: Job) -> bool:
    return (job.dedupe_key or "").startswith(PERIODIC)


def _give_back(db: Database, left: list[Job]) -> None:
    if left:
        with db.transaction() as session:
            values = {"leased_until": None, "lease": None, "attempts": Job.attempts - 1}
            session.execute(sa.update(Job).where(_held(left)).values(**values))


def _held(jobs: list[Job]) -> sa.ColumnElement[bool]:
    """Those of one batch that no other worker has by now."""
    return sa.and_(Job.id.in_([job.id for job in jobs]), Job.lease == jobs[0].lease)


@every(timedelta(days=1), "jobs.purge")
def _purge(work: Work, _payload: dict[str, Any]) -> None:
    """Forget finished work after 30 days; failed work stays until somebody looks."""
    with work.db.transaction() as session:
        old = Job.done_at < work.now - KEEP_DONE
        session.execute(sa.delete(Job).where(Job.state == "done", old))
