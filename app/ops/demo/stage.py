"""The stage: the sandbox's clock under the demo's hand, and what Stripe says at each step.

Nothing is written behind the product's back: events are fetched from the sandbox's API, put into
the inbox and handled there, and time passes at the sandbox first.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import requests

from app.core.clock import from_unix
from app.core.jobs import Work, run_due
from app.payments import handling, inbox
from app.payments.gateway import Gateway

CONTROL = {"X-Sandbox-Control": "1"}
TIMEOUT = 60
AT_ONCE = 1000


class SandboxSilent(RuntimeError):
    """The sandbox refused or did not understand a step of the demo."""


class Stage:
    """One performance; ``now`` is the business's time on it."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.db = work.db
        self.gateway: Gateway = work.services["gateway"]
        self.now = work.now
        self._base = f"{work.settings.stripe_api_base}/sandbox/control"
        self._http = requests.Session()
        self._heard: datetime | None = None

    def freeze(self, moment: datetime) -> None:
        """Let time stand at a moment; back only while the sandbox is empty."""
        self.control("clock", freeze=int(moment.timestamp()))
        self.now = self._heard = moment

    def go_to(self, moment: datetime) -> None:
        """Let time pass at the sandbox."""
        if moment > self.now:
            self.control("clock", to=int(moment.timestamp()))
            self.now = moment

    def listen(self) -> None:
        """Take in the events since the last time, and handle them."""
        since = int((self._heard or self.now).timestamp())
        newest = self._heard
        kept: list[dict[str, Any]] = []
        for page in self.gateway.pages("event", created={"gte": since}):
            kept += page
        kept.reverse()  # Stripe lists the newest first
        for event in kept:
            created = from_unix(event["created"])
            newest = created if newest is None else max(newest, created)
        self._heard = newest
        with self.db.transaction() as session:
            inbox.take(session, kept, self.now)
        while handling.handle_due(self.db, self.gateway, now=self.now, most=AT_ONCE):
            pass

    def work_off(self) -> None:
        """Do the jobs that are due at this moment."""
        moment = self.now
        work = Work(self.db, self.work.settings, lambda: moment, self.work.services)
        while run_due(work, most=AT_ONCE):
            pass

    def resume(self) -> None:
        """Let time run again."""
        self.control("clock", resume=True)

    def control(self, what: str, **given: object) -> dict[str, Any]:
        """One step at the sandbox itself: its clock, a card that fails, an endpoint."""
        answer = self._http.post(
            f"{self._base}/{what}", json=given, headers=CONTROL, timeout=TIMEOUT
        )
        if answer.status_code != 200:
            raise SandboxSilent(f"{what}: {answer.status_code} {answer.text[:300]}")
        result: dict[str, Any] = answer.json()
        return result
