"""The audit log for admins: who did what to what, and when, in the reader's language."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from app.accounts import staffing
from app.core import audit
from app.core.db import Database
from app.core.pagination import PAGE_SIZE
from app.ops.cli import work_of
from app.topics import jobs as topics_jobs
from app.topics import moderating, planning
from tests.admin.test_dashboard import at_desk, db
from tests.clocks import START, FixedClock
from tests.factories import make_account, make_patron, make_staff, make_topic

AUDIT = "/admin/audit"
APP = Path(staffing.__file__).parents[1]
ACTS = re.compile(r"(?:record\(|action=).*")
ACTION = re.compile(r'"([a-z]+\.[a-z_]+)"')

__all__ = ["db"]  # a fixture


def test_only_admins_read_it(app: Flask, db: Database) -> None:
    codes = {role: at_desk(app, db, role).get(AUDIT).status_code for role in ("editor", "finance")}
    assert codes == {"editor": 403, "finance": 403}
    page = at_desk(app, db, "admin").get(AUDIT).text
    assert "Nothing written yet." in page


def test_it_says_who_did_what_to_what_and_when(app: Flask, db: Database) -> None:
    with db.transaction() as session:
        boss = make_staff(session, now=START, role="admin")
        staffing.add_staff(
            session, email="new@newsroom.example", role="editor", language="en", actor_id=boss,
            now=START,
        )  # fmt: skip
        topic = make_topic(session, now=START)
        moderating.hide(session, topic_id=topic, hidden=True, actor_id=boss, now=START)
        audit.record(session, actor_id=None, action="reports.rebuilt", subject="reports", now=START)
    reader = at_desk(app, db, "admin")
    newest, second, third = rows(reader.get(AUDIT).text)
    assert newest.startswith("Reports computed anew Reports command line or clock")
    assert re.match(rf"Topic hidden Topic, id {topic} admin\d+@newsroom.example", second)
    assert re.match(r"Person added to the staff new@newsroom.example admin\d+@", third)
    assert "10 Jun 2026, 15:00 editor" in third
    _, second, third = rows(reader.get(f"{AUDIT}?lang=uk").text)
    assert second.startswith("Тему приховано")
    assert "редагування" in third


def test_it_is_paged_and_the_newest_come_first(app: Flask, db: Database) -> None:
    with db.transaction() as session:
        for number in range(PAGE_SIZE + 3):
            audit.record(
                session, actor_id=None, action="mail.retried", subject=f"mail:{number}", now=START
            )
    reader = at_desk(app, db, "admin")
    page = reader.get(AUDIT).text
    assert "Mail, id 52" in rows(page)[0]
    older = re.search(r'href="(/admin/audit\?after=\d+)"', page)
    assert older
    assert [row.split(" command")[0] for row in rows(reader.get(older[1]).text)] == [
        f"Mail sent again Mail, id {number}" for number in (2, 1, 0)
    ]


def test_an_entry_that_was_changed_is_named(app: Flask, db: Database) -> None:
    with db.transaction() as session:
        for _ in range(3):
            audit.record(session, actor_id=None, action="mail.retried", subject="mail:1", now=START)
    reader = at_desk(app, db, "admin")
    assert "The chain is broken." not in reader.get(AUDIT).text
    with db.transaction() as session:
        if db.is_sqlite:
            session.execute(sa.text("DROP TRIGGER audit_entry_no_update"))
        else:
            session.execute(sa.text("ALTER TABLE audit_entry DISABLE TRIGGER USER"))
        session.execute(sa.text("UPDATE audit_entry SET subject = 'mail:9' WHERE id = 2"))
    assert "Entry 2 does not fit the one before it." in reader.get(AUDIT).text


def test_every_act_that_is_written_down_has_a_name() -> None:
    lines = "\n".join(path.read_text() for path in sorted(APP.rglob("*.py")))
    actions = {action for line in ACTS.findall(lines) for action in ACTION.findall(line)}
    at_stripe = {action for action in actions if action.startswith("subscription.")}
    assert len(actions) > 20
    assert {action for action in actions - at_stripe if audit.name_of(action) == action} == set()


@pytest.mark.parametrize(
    ("command", "action"),
    [
        (["people", "export", "reader@example.org"], "account.exported"),
        (["people", "erase", "reader@example.org"], "account.erased"),
        (["reports", "rebuild"], "reports.rebuilt"),
        (["stripe", "reconcile"], "reconcile.asked"),
    ],
    ids=str,
)
def test_what_an_operator_does_by_command_is_written_down(
    app: Flask, db: Database, command: list[str], action: str
) -> None:
    with db.transaction() as session:
        make_account(session, now=START, email="reader@example.org")
    told = app.test_cli_runner().invoke(args=command)
    assert told.exit_code == 0, told.output
    with db.reading() as session:
        entry = session.scalars(sa.select(audit.AuditEntry)).one()
    assert (entry.action, entry.actor_id) == (action, None)


def test_a_round_that_could_not_open_says_why_on_its_own_page(
    app: Flask, db: Database, clock: FixedClock
) -> None:
    with db.transaction() as session:
        editor = make_staff(session, now=START, role="editor")
        topics = [make_topic(session, now=START) for _ in range(2)]
        make_patron(session, now=START)
        plan = planning.Plan(
            question={"en": "What?"}, opens_at=START + timedelta(hours=1), topics=topics,
            closes_at=START + timedelta(days=7), late_joiners=True,
        )  # fmt: skip
        draft = planning.plan(session, plan, actor_id=editor, now=START)
        planning.schedule(session, round_id=draft, actor_id=editor, now=START)
        moderating.move(
            session, topic_id=topics[0], to="hold", note="Later.", actor_id=editor, now=START
        )
    reader, page = at_desk(app, db, "editor"), f"/admin/rounds/{draft}"
    assert "It did not open by itself." not in reader.get(page).text
    clock.set(START + timedelta(hours=2))
    topics_jobs.rounds_due(work_of(app.extensions["house"]), {})
    shown = reader.get(page).text
    assert "It did not open by itself." in shown
    assert "A round needs at least two topics." in shown


def rows(html: str) -> list[str]:
    """The rows of the table as lines of words."""
    body = html.split("<tbody>")[1].split("</tbody>")[0]
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in body.split("</tr>")[:-1]]
