"""The doctor finds a house well, and notices each of its own promises broken."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from app.accounts.models import Account
from app.core import audit, jobs, progress
from app.core.clock import wall_clock
from app.core.db import Database
from app.core.jobs import Work
from app.ops import doctor
from app.ops.cli import work_of
from app.payments.models import LedgerTransaction
from app.reporting.models import Movement
from tests import founding
from tests.clocks import START
from tests.factories import make_patron


@pytest.fixture
def work(app: Flask) -> Work:
    made = work_of(app.extensions["house"])
    with made.db.transaction() as session:
        founding.found(session, now=START)
        audit.record(session, actor_id=None, action="test.done", subject="thing:1", now=START)
        make_patron(session, now=START - timedelta(days=3))
    return made


def broken(work: Work) -> set[str]:
    return {finding.name for finding in doctor.examine(work) if finding.rows}


def break_by(db: Database, statement: sa.Executable) -> None:
    with db.transaction() as session:
        session.execute(statement)


def test_the_doctor_asks_every_room_and_finds_the_house_well(work: Work) -> None:
    findings = doctor.examine(work)
    assert len(findings) >= 20
    assert broken(work) == set()
    assert all(line.endswith("holds") for line in doctor.report(findings))


def test_a_movement_without_its_cause_is_noticed(work: Work) -> None:
    break_by(work.db, sa.update(Movement).values(delta=1))
    assert broken(work) == {"Movements follow from history"}


def test_money_of_the_future_is_noticed(work: Work) -> None:
    later = START + timedelta(days=1)
    with work.db.transaction() as session:
        session.add(
            LedgerTransaction(kind="fee", source_id="txn_1", effective_at=later, booked_at=later)
        )
    assert "Nothing is dated in the future" in broken(work)


def test_a_broken_chain_is_noticed(work: Work) -> None:
    with work.db.transaction() as session:
        if work.db.is_sqlite:
            session.execute(sa.text("DROP TRIGGER audit_entry_no_update"))
        else:
            session.execute(sa.text("ALTER TABLE audit_entry DISABLE TRIGGER USER"))
        session.execute(sa.text("UPDATE audit_entry SET subject = 'thing:2'"))
    assert broken(work) == {"The audit chain is whole"}


def test_a_job_that_gave_up_is_noticed(work: Work) -> None:
    with work.db.transaction() as session:
        jobs.enqueue(session, "test.none", now=START)
        session.execute(sa.update(jobs.Job).values(state="failed", error="KeyError: 'ref'"))
    assert broken(work) == {"Jobs are done"}
    (line,) = [line for line in doctor.report(doctor.examine(work)) if "BROKEN" in line]
    assert (
        "test.none: KeyError: 'ref'; mend that, then `flask --app wsgi jobs retry 1` (or `drop`)"
        in line
    )


@pytest.mark.parametrize(
    ("verb", "words"), [("retry", "To be tried again: "), ("drop", "test.none (none:1)\nDropped: ")]
)
def test_the_command_that_the_doctor_names_mends_it(
    work: Work, app: Flask, verb: str, words: str
) -> None:
    with work.db.transaction() as session:
        jobs.enqueue(session, "test.none", now=START, dedupe_key="none:1")
        session.execute(sa.update(jobs.Job).values(state="failed"))
    flask = app.test_cli_runner()
    assert flask.invoke(args=["jobs", verb, "none:2"]).exit_code == 1
    told = flask.invoke(args=["jobs", verb, "none:1"])
    assert (told.exit_code, told.output) == (0, f"{words}1.\n")
    assert broken(work) == set()
    assert flask.invoke(args=["jobs", verb, "all"]).output.endswith(": 0.\n")


def test_work_that_nobody_does_is_noticed(work: Work) -> None:
    with work.db.transaction() as session:
        jobs.enqueue(session, "test.none", now=START - timedelta(hours=9), dedupe_key="none:1")
    (line,) = [line for line in doctor.report(doctor.examine(work)) if "BROKEN" in line]
    assert "test.none (none:1): nobody did it yet; see that a worker runs" in line


def test_work_that_hangs_in_the_hand_of_a_living_worker_is_noticed_after_a_day(work: Work) -> None:
    with work.db.transaction() as session:
        jobs.enqueue(session, "test.none", now=START - timedelta(hours=23), dedupe_key="none:1")
        session.execute(sa.update(jobs.Job).values(leased_until=wall_clock() + jobs.LEASE))
    assert broken(work) == set()
    break_by(work.db, sa.update(jobs.Job).values(run_at=START - timedelta(hours=25)))
    (line,) = [line for line in doctor.report(doctor.examine(work)) if "BROKEN" in line]
    assert "test.none (none:1): in hand for long; restart the workers if it hangs" in line


def test_an_erased_person_with_a_name_is_noticed(work: Work) -> None:
    gone = {"erased_at": START, "email": None, "email_key": None, "name": "Halyna"}
    break_by(work.db, sa.update(Account).values(**gone))
    assert broken(work) == {"The erased keep no name"}


def test_what_was_found_is_kept_for_the_dashboard_until_it_is_mended(work: Work) -> None:
    break_by(work.db, sa.update(Movement).values(delta=1))
    doctor.visit(work, {})
    with work.db.reading() as session:
        assert [check.name for check in progress.broken_checks(session)] == [
            "Movements follow from history"
        ]
    break_by(work.db, sa.update(Movement).values(delta=3600))
    doctor.visit(work, {})
    with work.db.reading() as session:
        assert progress.broken_checks(session) == []


def test_a_check_that_is_no_more_alarms_nobody(work: Work) -> None:
    with work.db.transaction() as session:
        progress.note_checks(session, {"A promise of old": ["row 1"]}, wall=wall_clock())

    doctor.visit(work, {})

    with work.db.reading() as session:
        assert progress.broken_checks(session) == []
