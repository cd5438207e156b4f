"""The worker: hands on Stripe's events, does jobs, says that it is alive, until told to stop.

It has two lanes, each a thread: events, mails and rounds do not wait for what is declared long.
"""

from __future__ import annotations

import gc
import signal
import threading
from collections.abc import Callable
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.core import jobs, progress
from app.core.clock import wall_clock
from app.ops.demo import building
from app.payments import handling

IDLE_SECONDS = 0.3
BEAT_EVERY = timedelta(seconds=10)
EVENTS_AT_ONCE = 200
JOBS_AT_ONCE = 50
FAREWELL_SECONDS = 10  # for what is long; it is done again, elsewhere or at the next start
log = structlog.get_logger()


class Worker:
    """One process; several may run beside each other."""

    def __init__(self, work: jobs.Work, *, name: str) -> None:
        self._work = work
        self._name = name
        self._stop = threading.Event()
        self._next_beat = wall_clock()
        self._fault: BaseException | None = None

    def run(self) -> None:
        """Work until SIGTERM or Ctrl+C; what is in hand is finished first, if it is not long."""
        for kind in (signal.SIGTERM, signal.SIGINT):
            signal.signal(kind, lambda *_: self._stop.set())
        gc.freeze()  # what was imported stays: batches would look through all of it again and again
        beside = threading.Thread(target=self._go_beside, name="long jobs", daemon=True)
        beside.start()
        self._go(self.short_turn)
        beside.join(FAREWELL_SECONDS)
        if self._fault is not None:
            raise self._fault

    def tick(self) -> bool:
        """One round of everything that is due; True where there may be more."""
        return bool(self.short_turn() + self.long_turn())

    def short_turn(self) -> bool:
        """Events and short jobs; True where there may be more."""
        work = self._work
        self._beat()
        events = handling.handle_due(
            work.db, work.services["gateway"], now=work.now, most=EVENTS_AT_ONCE
        )
        return jobs.run_due(work, most=JOBS_AT_ONCE, lane="short") + events > 0

    def long_turn(self) -> bool:
        """One long job; True where there may be more. Nobody acts in a demo but the demo itself."""
        work = self._work
        if work.settings.app_env == "development":
            with work.db.reading() as session:
                if building.is_underway(session):
                    return False
        return jobs.run_due(work, most=1, lane="long") > 0

    def _go_beside(self) -> None:
        try:
            self._go(self.long_turn)
        except BaseException as fault:  # told by the first lane, which ends with this one
            self._fault = fault

    def _go(self, turn: Callable[[], bool]) -> None:
        """Take turns until told to stop; a lane that fails stops the other."""
        try:
            while not self._stop.is_set():
                self._take(turn)
        finally:
            self._stop.set()

    def _take(self, turn: Callable[[], bool]) -> None:
        try:
            is_busy = turn()
        except SQLAlchemyError as error:
            log.error("the database does not answer; trying again", error=str(error)[:300])
            self._stop.wait(2)
        else:
            if not is_busy:
                self._stop.wait(IDLE_SECONDS)

    def _beat(self) -> None:
        """Every ten seconds: alive, and the periodic work of the current period is in the queue."""
        wall = wall_clock()
        if wall < self._next_beat:
            return
        self._next_beat = wall + BEAT_EVERY
        with self._work.db.transaction() as session:
            progress.beat(session, name=self._name, wall=wall)
        jobs.schedule_periodic(self._work.db, now=self._work.now)
