"""Readers at the counter: they open the join page, send it, pay at the sandbox, and sign in."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from app.accounts import people
from app.core import jobs
from app.core.db import Base, Database
from app.core.web.context import House
from app.mail.models import OutboxMessage
from app.membership.models import Pledge, SignUp
from app.ops.cli import work_of
from app.sandbox import WiredSandbox
from tests import factories, rehearsing
from tests.clocks import FixedClock
from tests.membership.paper import fields
from tests.reading import Reader

ANN = "ann@example.org"
GOOD, SECURED, EMPTY = "4242424242424242", "4000002500003155", "4000000000009995"
# Looks at everything, which have tests of their own and might mend what another test is about.
OF_THE_NIGHT = {"payments.reconcile", "ops.doctor"}
DEBIT, BAD_DEBIT = "DE89370400440532013000", "DE62370400440532013001"


class Counter:
    """A founded newsroom that takes pledges."""

    def __init__(self, app: Flask, clock: FixedClock, sandbox: WiredSandbox) -> None:
        self.app, self.clock, self.sandbox = app, clock, sandbox
        self.house: House = app.extensions["house"]
        self.work = work_of(self.house)

    @property
    def db(self) -> Database:
        return self.house.db

    def reader(self) -> Reader:
        """A browser that was never here."""
        made = self.app.test_client()
        assert isinstance(made, Reader)
        return made

    def signed_in(self, email: str = ANN) -> Reader:
        """A browser in which this person is signed in."""
        with self.db.transaction() as session:
            account = people.find_or_create(session, email=email, language="en", now=self.clock())
            token = factories.sign_in(session, account.id)
        reader = self.reader()
        with reader.session_transaction() as cookie:
            cookie["_user_id"] = token
            cookie["_fresh"] = True
        return reader

    def send(self, reader: Reader, **typed: str) -> TestResponse:
        """Open the join page, type, tick, and send it as a browser would."""
        form = fields(reader.get("/join").text, "/join") | {"email": ANN} | typed
        return reader.post("/join", data={k: v for k, v in form.items() if v != "-"})

    def begin(self, *, reader: Reader | None = None, **typed: str) -> str:
        """Go on to Stripe's page with a choice; gives the id of its session."""
        query = {k: v for k, v in typed.items() if k in ("amount", "interval", "currency")}
        if "cover_fees" in typed:
            query["cover_fees"] = typed["cover_fees"]
        reader = reader or self.reader()
        page = reader.get("/join", query_string=query)
        sent = reader.post("/join", data=fields(page.text, "/join") | {"email": ANN} | typed)
        assert sent.status_code == 303, sent.text
        return session_of(sent)

    def become_patron(self, email: str = ANN, card: str = GOOD, **typed: str) -> int:
        """Join, pay, and let everything arrive; gives the account."""
        after_first = typed.pop("after_first", None)
        checkout = self.begin(reader=None, email=email, **typed)
        self.sandbox.pay(checkout, card, name="Ann Able", after_first=after_first)
        self.settle()
        with self.db.reading() as session:
            account = people.by_email(session, email)
            assert account is not None
            return account.id

    def settle(self) -> None:
        """Let all that is under way arrive and be done; not what comes due by itself."""
        rehearsing.settle(self.work, self.sandbox)

    def pass_days(self, days: int) -> None:
        self.let_pass(days=days)

    def let_pass(self, **how: float) -> None:
        """Let time pass, with what comes due by itself but the looks of each night."""
        self.clock.advance(**how)
        with self.db.transaction() as session:
            for kind in sorted(set(jobs._periodic) - OF_THE_NIGHT):
                jobs.enqueue(session, kind, now=self.clock())
        self.settle()

    def one(self, model: type[Any], *where: Any) -> Any:
        """The one row of a table, or of a part of it."""
        with self.db.reading() as session:
            return session.scalars(sa.select(model).where(*where)).one()

    def count(self, model: type[Base], *where: Any) -> int:
        with self.db.reading() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(model).where(*where)) or 0

    def pledge(self, *where: Any) -> Pledge:
        found: Pledge = self.one(Pledge, *where)
        return found

    def sign_up(self) -> SignUp:
        found: SignUp = self.one(SignUp)
        return found

    def mails(self, kind: str) -> list[OutboxMessage]:
        """The mails of a kind, oldest first."""
        mine = sa.select(OutboxMessage).where(OutboxMessage.kind == kind)
        with self.db.reading() as session:
            return list(session.scalars(mine.order_by(OutboxMessage.id)))

    def sessions_at_stripe(self) -> int:
        """How many Checkout sessions there are at the sandbox."""
        return len(self.sandbox_list("checkout.session"))

    def events(self) -> list[dict[str, Any]]:
        """Every event of the sandbox, as Stripe would list it, oldest first."""
        pages = self.house.services["gateway"].pages("event")
        return [event for page in pages for event in page][::-1]

    def sandbox_list(self, kind: str) -> list[dict[str, Any]]:
        with self.sandbox.act() as act:
            return list(act.where(kind))


def session_of(answer: TestResponse) -> str:
    """The Checkout session that an answer of the join page leads to."""
    place = urlsplit(answer.headers["Location"])
    if "session_id" in place.query:
        return parse_qs(place.query)["session_id"][0]
    return next(part for part in place.path.split("/") if part.startswith("cs_"))
