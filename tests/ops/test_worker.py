"""The worker: what is long holds nobody up, and one word stops all of it."""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from app.core import jobs, progress
from app.core.clock import wall_clock
from app.core.jobs import Job, Work
from app.ops.cli import work_of
from app.ops.demo import building
from app.ops.worker import Worker
from tests import founding
from tests.clocks import START

PATIENCE = 20


@pytest.fixture
def work(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Work]:
    """A worker's means, with the handlers of the test only; signals are as before at its end."""
    made = work_of(app.extensions["house"])
    with made.db.transaction() as session:
        founding.found(session, now=START)
    for name in ("_handlers", "_periodic"):
        monkeypatch.setattr(jobs, name, {})
    monkeypatch.setattr(jobs, "_long", set())
    jobs.every(timedelta(days=1), "test.daily")(lambda _work, _payload: None)
    monkeypatch.setattr(gc, "freeze", lambda: None)
    before = {kind: signal.getsignal(kind) for kind in (signal.SIGTERM, signal.SIGINT)}
    yield made
    for kind, handler in before.items():
        signal.signal(kind, handler)


def ask(work: Work, *kinds: str) -> None:
    for kind in kinds:
        with work.db.transaction() as session:
            jobs.enqueue(session, kind, now=work.now)


def states(work: Work) -> dict[str, str]:
    with work.db.reading() as session:
        return {job.kind: job.state for job in session.scalars(sa.select(Job))}


def test_a_long_job_does_not_hold_up_a_short_one_and_the_end_waits_for_both(work: Work) -> None:
    begun, may_end = threading.Event(), threading.Event()

    @jobs.handles("test.long", is_long=True)
    def compare(_work: Work, _payload: dict[str, Any]) -> None:
        begun.set()
        assert may_end.wait(PATIENCE), "nothing else was done meanwhile"

    @jobs.handles("test.short")
    def mail(_work: Work, _payload: dict[str, Any]) -> None:
        assert begun.wait(PATIENCE)
        os.kill(os.getpid(), signal.SIGTERM)
        may_end.set()

    ask(work, "test.long", "test.short")
    Worker(work, name="test").run()
    assert states(work) == dict.fromkeys(("test.daily", "test.long", "test.short"), "done")
    assert "long jobs" not in {thread.name for thread in threading.enumerate()}


def test_a_lane_that_breaks_ends_the_worker_with_its_error(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Worker, "long_turn", lambda _self: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        Worker(work, name="test").run()


def test_nobody_does_long_work_while_a_demo_is_built(work: Work) -> None:
    done = []
    jobs.handles("test.long", is_long=True)(lambda _work, _payload: done.append(True))
    rehearsal = work.settings.model_copy(update={"app_env": "development"})
    worker = Worker(Work(work.db, rehearsal, work.clock, work.services), name="test")
    with work.db.transaction() as session:
        progress.start(session, name=building.NAME, total=1, wall=wall_clock())
    ask(work, "test.long")
    assert not worker.long_turn()
    with work.db.transaction() as session:
        progress.step(session, name=building.NAME, done=1, wall=wall_clock())
    assert worker.long_turn()
    assert done == [True]


def test_a_comparison_with_stripe_may_take_its_time(app: Flask) -> None:
    assert {"payments.reconcile", "payments.reconcile_now"} <= jobs._long


def test_long_work_of_a_killed_worker_goes_on_within_five_minutes(work: Work) -> None:
    done = []
    jobs.handles("test.long", is_long=True)(lambda _work, _payload: done.append(True))
    ask(work, "test.long")
    assert jobs._claim(work.db, now=work.now, most=1, lane="long"), "and then it was killed"
    another = Worker(work, name="another")
    assert not another.long_turn()
    with time_machine.travel(wall_clock() + timedelta(minutes=5)):
        assert another.long_turn()
    assert done == [True]
