"""Work for later: in the transaction, once a key, done by somebody, whatever fails."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from structlog.testing import capture_logs

from app.core import clearing, jobs
from app.core.audit import AuditEntry
from app.core.clock import wall_clock
from app.core.db import Database
from app.core.jobs import Job, Work
from app.core.settings import Settings
from tests.clocks import FixedClock


@pytest.fixture
def work(db: Database, settings: Settings, clock: FixedClock) -> Work:
    return Work(db, settings, clock, {})


@pytest.fixture
def done() -> Iterator[list[dict[str, Any]]]:
    """What the job "test.note" was given, in the order in which it was done."""
    seen: list[dict[str, Any]] = []
    lock = threading.Lock()

    @jobs.handles("test.note")
    def note(_work: Work, payload: dict[str, Any]) -> None:
        with lock:
            seen.append(payload)
        if payload.get("fails"):
            raise RuntimeError("as planned")

    yield seen
    del jobs._handlers["test.note"]


@pytest.fixture
def daily(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Whether the only periodic work "test.daily" fails, by its next tries; then it does not."""
    fails: list[bool] = []
    monkeypatch.setattr(jobs, "_periodic", {})

    @jobs.every(timedelta(days=1), "test.daily")
    def work(_work: Work, _payload: dict[str, Any]) -> None:
        if fails and fails.pop(0):
            raise RuntimeError("as planned")

    yield fails
    del jobs._handlers["test.daily"]


def ask(work: Work, key: str | None = None, **payload: Any) -> bool:
    with work.db.transaction() as session:
        return jobs.enqueue(session, "test.note", now=work.now, payload=payload, dedupe_key=key)


def only(work: Work) -> Job:
    with work.db.reading() as session:
        return session.scalars(sa.select(Job).where(Job.kind == "test.note")).one()


def test_a_job_is_done_once(work: Work, done: list[Any]) -> None:
    ask(work, n=1)
    assert jobs.run_due(work) == 1
    assert jobs.run_due(work) == 0
    assert done == [{"n": 1}]
    assert only(work).state == "done"


def test_the_same_key_is_the_same_work(work: Work, done: list[Any]) -> None:
    assert ask(work, key="once")
    assert not ask(work, key="once")
    jobs.run_due(work)
    assert len(done) == 1


def test_a_rolled_back_transaction_leaves_no_job(work: Work, done: list[Any]) -> None:
    def fail_half_way() -> None:
        with work.db.transaction() as session:
            jobs.enqueue(session, "test.note", now=work.now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert jobs.run_due(work) == 0


def test_work_that_fails_is_tried_again_later_and_says_why(
    work: Work, done: list[Any], clock: FixedClock
) -> None:
    ask(work, fails=True)
    jobs.run_due(work)
    assert jobs.run_due(work) == 0, "not at once"
    assert "as planned" in (only(work).error or "")
    clock.advance(minutes=1)
    assert jobs.run_due(work) == 1


def test_work_that_never_succeeds_stops_and_stays_to_be_looked_at(
    work: Work, done: list[Any], clock: FixedClock
) -> None:
    ask(work, fails=True)
    for _ in range(jobs.MOST_ATTEMPTS + 3):
        with capture_logs():
            jobs.run_due(work)
        clock.advance(hours=7)
    assert only(work).state == "failed"
    assert len(done) == jobs.MOST_ATTEMPTS


def test_work_is_tried_for_a_week_before_it_is_given_up(
    work: Work, done: list[Any], clock: FixedClock
) -> None:
    ask(work, fails=True)
    began = clock()
    while only(work).state == "ready":
        clock.set(max(clock(), only(work).run_at))
        with capture_logs():
            jobs.run_due(work)
    assert timedelta(days=7) <= clock() - began <= timedelta(days=8)
    assert len(done) < 50, "with pauses that grow"


def give_up(work: Work, key: str | None = None) -> None:
    """As if a week had passed in which this work failed."""
    ask(work, key=key, fails=True)
    with work.db.transaction() as session:
        session.execute(sa.update(Job).values(attempts=jobs.MOST_ATTEMPTS - 1))
    jobs.run_due(work)
    assert only(work).state == "failed"


def test_work_that_was_given_up_is_done_when_it_is_asked_for_again(
    work: Work, done: list[Any], clock: FixedClock
) -> None:
    give_up(work, key="once")
    clock.advance(days=1)
    assert ask(work, key="once", n=2)
    assert not ask(work, key="once"), "and asked for once"
    assert jobs.run_due(work) == 1
    assert done[-1] == {"n": 2}
    again = only(work)
    assert (again.state, again.error, again.created_at) == ("done", None, clock())


def test_work_that_was_given_up_is_done_when_it_is_asked_for_among_others(
    work: Work, done: list[Any]
) -> None:
    give_up(work, key="once")
    kind = only(work).kind
    with work.db.transaction() as session:
        jobs.enqueue_each(session, kind, {"once": {"n": 2}, "new": {"n": 3}}, now=work.now)
        jobs.enqueue_each(session, kind, {"once": {"n": 4}, "new": {"n": 4}}, now=work.now)
    assert jobs.run_due(work) == 2
    assert sorted(payload["n"] for payload in done[-2:]) == [2, 3]


@pytest.mark.parametrize("which", ["key", "number", "all"])
@pytest.mark.parametrize(("clear", "left"), [(clearing.retry, 2), (clearing.drop, 1)])
def test_an_operator_lets_what_was_given_up_be_tried_again_or_drops_it(
    work: Work, done: list[Any], clear: Callable[..., list[str]], left: int, which: str
) -> None:
    give_up(work, key="once" if which == "key" else None)
    ask(work, key="other")
    number = str(only_failed(work))
    key = {"key": "once", "number": number, "all": None}[which]
    name = f"test.note ({'once' if which == 'key' else number})"
    with work.db.transaction() as session:
        assert clear(session, "what never was", now=work.now) == []
        assert clear(session, key, now=work.now) == [name]
        assert clear(session, key, now=work.now) == [], "it waits already, or is gone"
        entry = session.scalars(sa.select(AuditEntry)).one()
    assert (entry.actor_id, entry.details) == (None, {"jobs": name})
    assert jobs.run_due(work) == left


def only_failed(work: Work) -> int:
    with work.db.reading() as session:
        return session.scalars(sa.select(Job.id).where(Job.state == "failed")).one()


def dailies(work: Work) -> list[str]:
    with work.db.reading() as session:
        query = sa.select(Job.state).where(Job.kind == "test.daily").order_by(Job.id)
        return list(session.scalars(query))


def test_periodic_work_is_left_to_the_next_period_which_clears_what_failed_before(
    work: Work, daily: list[bool], clock: FixedClock
) -> None:
    daily += [True] * 1000
    for _ in range(60):
        jobs.schedule_periodic(work.db, now=clock())
        with capture_logs():
            jobs.run_due(work)
        clock.advance(hours=1)
    assert dailies(work).count("failed") == 1, "the last that failed tells of those before"
    daily.clear()
    clock.advance(days=1)
    jobs.schedule_periodic(work.db, now=clock())
    jobs.run_due(work)
    assert "failed" not in dailies(work)


def test_what_a_killed_worker_held_is_done_by_another(work: Work, done: list[Any]) -> None:
    ask(work, n=1)
    assert len(jobs._claim(work.db, now=work.now, most=9)) == 1, "and then it was killed"
    assert jobs.run_due(work) == 0, "the lease still runs"
    with time_machine.travel(wall_clock() + timedelta(minutes=5)):
        assert jobs.run_due(work) == 1
    assert done == [{"n": 1}]


def test_what_a_living_worker_has_in_hand_is_begun_by_no_other_however_long_it_takes(
    work: Work, done: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun_by_others = []
    monkeypatch.setattr(jobs, "RENEW_SECONDS", 0.001)

    @jobs.handles("test.note")
    def compare(work: Work, _payload: dict[str, Any]) -> None:
        with work.db.transaction() as session:
            soon = wall_clock() + timedelta(seconds=1)
            session.execute(sa.update(Job).values(leased_until=soon))
        for _ in range(1000):
            if (only(work).leased_until or soon) > soon:
                break
        with time_machine.travel(soon + timedelta(seconds=1)):
            begun_by_others.extend(jobs._claim(work.db, now=work.now, most=9))

    ask(work)
    assert jobs.run_due(work) == 1
    assert begun_by_others == []
    assert only(work).state == "done"


def test_a_worker_that_wakes_up_late_does_not_undo_what_another_did(
    work: Work, done: list[Any]
) -> None:
    ask(work, n=1)
    [frozen] = jobs._claim(work.db, now=work.now, most=9)
    with work.db.transaction() as session:
        session.execute(sa.update(Job).values(leased_until=wall_clock() - timedelta(seconds=1)))
    jobs.run_due(work)
    jobs._postpone(work, frozen, error="woken up")
    jobs._finish(work, [frozen])
    assert only(work).state == "done"


def test_three_workers_share_the_work_and_none_is_done_twice(work: Work, done: list[Any]) -> None:
    for n in range(30):
        ask(work, n=n)
    threads = [threading.Thread(target=jobs.run_due, args=(work,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    jobs.run_due(work)
    assert sorted(payload["n"] for payload in done) == list(range(30))


def test_what_slow_jobs_left_no_time_for_is_given_back_untried(
    work: Work, done: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        ask(work, n=n)
    monkeypatch.setattr(jobs, "LONGEST_BATCH", -1)
    assert jobs.run_due(work, most=3) == 0
    monkeypatch.undo()
    assert jobs.run_due(work) == 3
    with work.db.reading() as session:
        notes = sa.select(Job.attempts).where(Job.kind == "test.note")
        assert set(session.scalars(notes)) == {1}


def test_what_somebody_waits_for_is_done_first_and_so_is_what_follows_from_it(
    work: Work, done: list[Any]
) -> None:
    @jobs.handles("test.link")
    def link(work: Work, _payload: dict[str, Any]) -> None:
        with work.db.transaction() as session:
            jobs.enqueue(session, "test.note", now=work.now, payload={"n": "mail"}, awaited=True)

    for n in range(3):
        ask(work, n=n)
    with work.db.transaction() as session:
        jobs.enqueue(session, "test.link", now=work.now, awaited=True)
    jobs.run_due(work, most=3)
    assert done == [{"n": "mail"}, {"n": 0}]
    del jobs._handlers["test.link"]


def test_an_unknown_kind_is_kept_and_told(work: Work) -> None:
    with work.db.transaction() as session:
        jobs.enqueue(session, "test.unknown", now=work.now)
    jobs.run_due(work)
    with work.db.reading() as session:
        error = session.scalar(sa.select(Job.error).where(Job.kind == "test.unknown"))
    assert error is not None
    assert "no handler" in error


def test_periodic_work_is_asked_for_once_a_period(work: Work, clock: FixedClock) -> None:
    for _ in range(3):
        jobs.schedule_periodic(work.db, now=clock())
    with work.db.reading() as session:
        purges = sa.select(sa.func.count()).where(Job.kind == "jobs.purge")
        assert session.scalar(purges) == 1
    jobs.schedule_periodic(work.db, now=clock.advance(days=1))
    with work.db.reading() as session:
        assert session.scalar(purges) == 2
