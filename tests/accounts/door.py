"""The newsroom's door in tests: people and staff, their mails, and browsers that come in."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import sqlalchemy as sa
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from app.accounts import second_factor, staffing
from app.accounts.models import Account, LoginSession, SignInRequest, StaffMember
from app.core import jobs
from app.core.clock import wall_clock
from app.core.db import Base, Database
from app.core.web.context import House
from app.mail.models import OutboxMessage
from tests import factories, founding
from tests.clocks import FixedClock
from tests.reading import Reader

LINK = re.compile(r"http://localhost(/sign-in/\S+)")
CODE = re.compile(r"^(\d{3}) (\d{3})$", re.MULTILINE)
ROWS = (Account, StaffMember, SignInRequest, LoginSession, OutboxMessage, jobs.Job)
DARYNA = "daryna@example.org"
STEP = timedelta(seconds=second_factor.STEP_SECONDS)


@dataclass(frozen=True)
class Mail:
    """A sign-in mail: where its link leads, and its code."""

    link: str
    code: str


def later(**amount: float) -> AbstractContextManager[Any]:
    """Wall time moved on, for what happens inside."""
    return cast(
        "AbstractContextManager[Any]", time_machine.travel(wall_clock() + timedelta(**amount))
    )


class Door:
    """The door of an application, with what stands on both sides of it."""

    def __init__(self, app: Flask, clock: FixedClock) -> None:
        self.app = app
        self.clock = clock
        self.house: House = app.extensions["house"]

    @property
    def db(self) -> Database:
        return self.house.db

    def found(self) -> None:
        """Give the newsroom its first row."""
        with self.db.transaction() as session:
            founding.found(session, now=self.clock())

    def browser(self) -> Reader:
        """Another browser, with no cookie yet."""
        return cast(Reader, self.app.test_client())

    def person(self, email: str = DARYNA, *, language: str = "en") -> int:
        """Somebody with an account."""
        with self.db.transaction() as session:
            return factories.make_account(session, now=self.clock(), email=email, language=language)

    def staff(self, email: str, role: str) -> int:
        """Somebody of the newsroom, whose app is not set up yet."""
        with self.db.transaction() as session:
            member = staffing.add_staff(
                session, email=email, role=role, language="en", now=self.clock()
            )
            return member.account_id

    def ask(
        self, browser: Reader, email: str = DARYNA, *, to_go: str = "", **more: Any
    ) -> TestResponse:
        """Ask for a link in a browser."""
        return browser.submit("/sign-in", {"email": email, "next": to_go}, **more)

    def work(self) -> None:
        """Let the worker do what is due."""
        house = self.house
        jobs.run_due(jobs.Work(house.db, house.settings, house.clock, house.services))

    def mails(self) -> list[Mail]:
        """The sign-in mails so far, oldest first."""
        self.work()
        own = sa.select(OutboxMessage).where(OutboxMessage.kind == "sign_in")
        with self.db.reading() as session:
            found = session.scalars(own.order_by(OutboxMessage.id)).all()
        return [_read(mail.text) for mail in found]

    def mail_for(self, browser: Reader, email: str = DARYNA, *, to_go: str = "") -> Mail:
        """Ask for a link, and open the mail that comes."""
        self.ask(browser, email, to_go=to_go)
        return self.mails()[-1]

    def let_in(self, browser: Reader, email: str = DARYNA) -> Reader:
        """Sign a browser in by the link of a mail."""
        mail = self.mail_for(browser, email)
        assert browser.submit(mail.link).status_code == 303
        return browser

    def let_in_staff(self, browser: Reader, email: str) -> Reader:
        """Sign a browser in by link and by the app's code."""
        self.let_in(browser, email)
        answer = browser.submit("/sign-in/second-factor", {"code": self.app_code(email)})
        assert answer.status_code == 303, answer.text
        return browser

    def app_code(self, email: str, *, at: datetime | None = None) -> str:
        """What the app on this person's phone shows."""
        with self.db.reading() as session:
            secret = session.scalars(
                sa.select(StaffMember.totp_secret)
                .join(Account, Account.id == StaffMember.account_id)
                .where(Account.email == email)
            ).one()
        return second_factor.current_code(secret, wall=at or wall_clock())

    def rows(self) -> dict[str, int]:
        """How many rows each table has that signing in could touch."""
        with self.db.reading() as session:
            return {table.__tablename__: _count(session, table) for table in ROWS}

    def all(self, table: type[Base]) -> list[Any]:
        """Every row of a table, oldest first."""
        with self.db.reading() as session:
            return list(session.scalars(sa.select(table).order_by(*sa.inspect(table).primary_key)))

    def change(self, table: type[Base], **values: Any) -> None:
        """Set columns of every row of a table."""
        with self.db.transaction() as session:
            session.execute(sa.update(table).values(**values))


def is_in(browser: Reader) -> bool:
    """Whether this browser is signed in."""
    return browser.get("/account/devices").status_code == 200


def _read(text: str) -> Mail:
    link, code = LINK.search(text), CODE.search(text)
    assert link, text
    assert code, text
    return Mail(link[1], code[1] + code[2])


def _count(session: Any, table: type[Base]) -> int:
    return int(session.scalar(sa.select(sa.func.count()).select_from(table)) or 0)
