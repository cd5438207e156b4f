"""A post office for tests: writes mails, runs the worker, and fails in the ways servers fail."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from email.message import EmailMessage
from typing import Any

import sqlalchemy as sa

from app.core import jobs
from app.core.db import Database
from app.core.settings import Settings
from app.mail import outbox
from app.mail.models import OutboxMessage
from app.mail.transport import Keeping, Transport
from tests.clocks import FixedClock


@dataclasses.dataclass
class Server:
    """A transport that takes mails, or fails as it is told: one error a delivery."""

    failures: list[Exception] = dataclasses.field(default_factory=list)
    taken: list[EmailMessage] = dataclasses.field(default_factory=list)
    tried: int = 0
    keeps_outbox: bool = False

    def deliver(self, mail: EmailMessage, *, sender: str, recipient: str) -> None:
        self.tried += 1
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append(mail)


class Office:
    """A newsroom that writes sign-in mails to Daryna, unless told otherwise."""

    def __init__(self, db: Database, settings: Settings, clock: FixedClock) -> None:
        self.db = db
        self.settings = settings
        self.clock = clock

    def write(
        self,
        key: str = "one",
        *,
        to: str = "daryna@example.org",
        language: str = "en",
        secret_until: datetime | None = None,
        unsubscribe_url: str | None = None,
    ) -> bool:
        """Put one mail into the outbox."""
        with self.db.transaction() as session:
            return outbox.put(
                session,
                to=to,
                language=language,
                template="sign-in",
                context={"link": "https://ledger.example/l", "code": "123456", "minutes": 15},
                kind="test",
                dedupe_key=key,
                now=self.clock(),
                secret_until=secret_until,
                unsubscribe_url=unsubscribe_url,
            )

    def run(self, transport: Transport | None = None) -> None:
        """Let the worker do what is due."""
        services: dict[str, Any] = {"transport": transport or Keeping()}
        jobs.run_due(jobs.Work(self.db, self.settings, self.clock, services))

    def mails(self) -> list[OutboxMessage]:
        """The outbox, oldest first."""
        with self.db.reading() as session:
            return list(session.scalars(sa.select(OutboxMessage).order_by(OutboxMessage.id)))

    def mail(self) -> OutboxMessage:
        """The only mail."""
        [only] = self.mails()
        return only
