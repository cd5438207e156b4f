"""The worker: hands on Stripe's events, does jobs, says that it is alive, until told to stop."""

from __future__ import annotations

import gc
import signal
import threading
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.core import jobs, progress
from app.core.clock import wall_clock
from app.payments import handling

IDLE_SECONDS = 0.3
BEAT_EVERY = timedelta(seconds=10)
EVENTS_AT_ONCE = 200
JOBS_AT_ONCE = 50
log = structlog.get_logger()


class Worker:
    """One process; several may run beside each other."""

    def __init__(self, work: jobs.Work, *, name: str) -> None:
        self._work = work
        self._name = name
        self._stop = threading.Event()
        self._next_beat = wall_clock()

    def run(self) -> None:
        """Work until SIGTERM or Ctrl+C; what is in hand is finished first."""
        for kind in (signal.SIGTERM, signal.SIGINT):
            signal.signal(kind, lambda *_: self._stop.set())
        gc.freeze()  # what was imported stays: batches would look through all of it again and again
        while not self._stop.is_set():
            try:
                busy = self.tick()
            except SQLAlchemyError as error:
                log.error("the database does not answer; trying again", error=str(error)[:300])
                self._stop.wait(2)
                continue
            if not busy:
                self._stop.wait(IDLE_SECONDS)

    def tick(self) -> bool:
        """One round of everything that is due; True where there may be more."""
        work = self._work
        self._beat()
        events = handling.handle_due(
            work.db, work.services["gateway"], now=work.now, most=EVENTS_AT_ONCE
        )
        return jobs.run_due(work, most=JOBS_AT_ONCE) + events > 0

    def _beat(self) -> None:
        """Every ten seconds: alive, and the periodic work of the current period is in the queue."""
        wall = wall_clock()
        if wall < self._next_beat:
            return
        self._next_beat = wall + BEAT_EVERY
        with self._work.db.transaction() as session:
            progress.beat(session, name=self._name, wall=wall)
        jobs.schedule_periodic(self._work.db, now=self._work.now)
