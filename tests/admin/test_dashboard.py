"""The dashboard: who may see what, and a cost that does not grow."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app.core.db import Database
from app.core.progress import note_checks
from app.membership.models import Pledge
from app.payments.models import StripeInvoice
from tests import founding
from tests.clocks import START
from tests.factories import make_patron, make_staff, sign_in
from tests.reading import Reader
from tests.statements import statements


@pytest.fixture
def db(app: Flask) -> Database:
    """The app's own database, with a newsroom in it."""
    database: Database = app.extensions["house"].db
    with database.transaction() as session:
        founding.found(session, now=START)
    return database


def at_desk(app: Flask, db: Database, role: str) -> Reader:
    """A browser of somebody with this role, second factor given."""
    with db.transaction() as session:
        account_id = make_staff(session, now=START, role=role)
        token = sign_in(session, account_id)
    reader: Any = app.test_client()
    with reader.session_transaction() as cookie:
        cookie["_user_id"] = token
    return reader  # type: ignore[no-any-return]


def join(db: Database, count: int, *, amount: int = 500) -> None:
    with db.transaction() as session:
        for number in range(count):
            make_patron(session, now=START - timedelta(days=number % 200), amount=amount)


def test_a_stranger_signs_in_first_and_a_patron_is_refused(
    app: Flask, client: Reader, db: Database
) -> None:
    assert client.get("/admin/").status_code == 303
    with db.transaction() as session:
        token = sign_in(session, make_patron(session, now=START))
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
    assert client.get("/admin/").status_code == 403


def test_an_empty_dashboard_teaches_what_will_stand_there(app: Flask, db: Database) -> None:
    page = at_desk(app, db, "admin").get("/admin/")
    assert page.status_code == 200
    assert "Nobody has given yet" in page.text


@pytest.mark.parametrize("role", ["admin", "finance", "viewer"])
def test_the_figures_stand_there_and_open_into_their_lists(
    app: Flask, db: Database, role: str
) -> None:
    join(db, 3)
    desk = at_desk(app, db, role)
    page = desk.get("/admin/")
    assert "15.00" in page.text
    links = set(re.findall(r'href="(/admin/reports/[^"]+)"', page.text))
    assert len(links) >= 5
    for link in links:
        answer = desk.get(link.replace("&amp;", "&"))
        assert answer.status_code == 200, link


def test_an_editor_sees_people_and_no_money(app: Flask, db: Database) -> None:
    join(db, 3, amount=777)
    desk = at_desk(app, db, "editor")
    page = desk.get("/admin/")
    assert page.status_code == 200
    assert "7.77" not in page.text
    assert "23.31" not in page.text
    assert "7.77" not in desk.get("/admin/reports/patrons").text
    assert desk.get("/admin/reports/revenue").status_code == 403


def test_names_are_seen_by_who_keeps_the_accounts(app: Flask, db: Database) -> None:
    with db.transaction() as session:
        make_patron(session, now=START, email="halyna@example.org")
    assert "halyna@example.org" in at_desk(app, db, "finance").get("/admin/reports/patrons").text
    assert "halyna@example.org" not in at_desk(app, db, "viewer").get("/admin/").text


def test_a_broken_promise_is_told(app: Flask, db: Database) -> None:
    join(db, 1)
    with db.transaction() as session:
        note_checks(session, {"The audit chain is whole": ["entry 3"]}, wall=START)
    page = at_desk(app, db, "admin").get("/admin/")
    assert "The audit chain is whole: entry 3" in page.text


def test_the_number_of_queries_does_not_grow_with_patrons(app: Flask, db: Database) -> None:
    join(db, 3)
    desk = at_desk(app, db, "admin")
    desk.get("/admin/")
    with statements(db) as few:
        desk.get("/admin/")
    join(db, 60)
    with statements(db) as many:
        desk.get("/admin/")
    assert len(few) == len(many)
    assert len(many) <= 22


def test_a_list_goes_on_page_by_page_and_back(app: Flask, db: Database) -> None:
    join(db, 120)
    desk = at_desk(app, db, "admin")
    seen: list[str] = []
    path = "/admin/reports/patrons"
    while path:
        page = desk.get(path).text
        seen += re.findall(r"/admin/patrons/(\d+)", page)
        older = re.search(r'href="([^"]*after=\d+)"', page)
        path = older[1].replace("&amp;", "&") if older else ""
    assert len(seen) == 120
    assert len(set(seen)) == 120


def test_a_month_that_is_none_or_to_come_is_not_there(app: Flask, db: Database) -> None:
    desk = at_desk(app, db, "finance")
    for key in ("2026-13", "x", "2126-01", "2026-6", "1969-12", "99999-1", "-001-01"):
        answer = desk.get(f"/admin/reports/movements/{key}")
        assert (answer.status_code, "There is nothing here" in answer.text) == (404, True), key
        assert 'class="desk"' in answer.text


def test_no_month_leads_before_the_first_with_anything(app: Flask, db: Database) -> None:
    desk = at_desk(app, db, "finance")
    assert months_before(desk) == ["2026-06"]
    with db.transaction() as session:
        make_patron(session, now=datetime(2026, 2, 28, 22, 30, tzinfo=UTC))  # in Kyiv it is March
    assert months_before(desk) == ["2026-06", "2026-05", "2026-04", "2026-03"]
    assert desk.get("/admin/reports/movements/2026-02").status_code == 404
    for report in ("revenue", "recovered"):
        assert desk.get(f"/admin/reports/{report}").text.count('<th scope="row">') == 4, report


def test_what_is_at_risk_opens_into_its_currency_and_says_why(app: Flask, db: Database) -> None:
    with db.transaction() as session:
        for currency, email in (("EUR", "in-euro@example.org"), ("UAH", "in-hryvnia@example.org")):
            account = make_patron(session, now=START, email=email)
            past_due = {"currency": currency, "state": "past_due", "subscription_id": currency}
            mine = sa.update(Pledge).where(Pledge.account_id == account)
            session.execute(mine.values(past_due))
        session.add(
            StripeInvoice(
                id="in_1", ref="", subscription_id="EUR", status="open", currency="EUR", total=300,
                amount_due=300, amount_paid=0, attempt_count=1, created=START,
                first_failed_at=START, next_payment_attempt=START + timedelta(days=3),
            )
        )  # fmt: skip
    desk = at_desk(app, db, "finance")
    link = re.search(r'href="(/admin/reports/at-risk[^"]*)"', desk.get("/admin/").text)
    assert link
    page = desk.get(link[1]).text
    assert "1 patron, 3.00\u00a0€ of MRR." in page
    assert "in-euro@example.org" in page
    assert "in-hryvnia@example.org" not in page
    assert "The bank did not say" in page
    assert "13\u00a0Jun, 15:00" in page
    assert "in-hryvnia@example.org" in desk.get("/admin/reports/at-risk?currency=UAH").text
    assert "3.00" not in at_desk(app, db, "editor").get("/admin/reports/at-risk").text


def test_a_page_stands_in_its_section_of_the_menu(app: Flask, db: Database) -> None:
    desk = at_desk(app, db, "admin")
    for path, name, how in (
        ("/admin/rounds", "Rounds", "page"),
        ("/admin/rounds/new", "Rounds", "true"),
        ("/admin/settings", "Settings", "page"),
        ("/admin/settings/texts/terms", "Texts", "true"),
        ("/admin/reports/revenue", "Dashboard", "true"),
    ):
        marked = re.findall(r'aria-current="(\w+)"><span>([^<]+)', desk.get(path).text)
        assert set(marked) - {("page", "EUR")} == {(how, name)}, path


def months_before(desk: Reader) -> list[str]:
    """The months that are come by from this one, each by the link of the one after it."""
    keys = ["2026-06"]
    while True:
        page = desk.get(f"/admin/reports/movements/{keys[-1]}")
        assert page.status_code == 200, keys
        link = re.search(r'movements/(\d{4}-\d\d)[^"]*">The month before', page.text)
        if not link:
            return keys
        keys.append(link[1])
