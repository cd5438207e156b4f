"""The whole product on loopback ports: app, worker, and the sandbox, whose traffic is checked.

Nothing is handed over in memory: the app calls Stripe's API over HTTP, webhooks come back over
HTTP, and the app's clock is the sandbox's, as under ``./dev run``.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import requests
import sqlalchemy as sa
from werkzeug.serving import WSGIRequestHandler, make_server

from app import create_app
from app.core.clock import from_unix
from app.core.jobs import Job
from app.core.settings import Settings
from app.mail.models import OutboxMessage
from app.newsroom import founding
from app.ops.cli import work_of
from app.ops.clocks import RehearsalClock
from app.ops.worker import Worker
from app.payments.events import SUBSCRIBED
from app.payments.models import StripeEvent
from app.sandbox import create_sandbox, serve
from app.sandbox.sending import send
from tests.contract.middleware import checked, checked_sender
from tests.rehearsing import WEBHOOK_SECRET

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from flask import Flask

    from app.core.web.context import House
    from tests.contract.report import Report

PATIENCE = 60  # seconds, for a machine that is busy
LOOK_AGAIN = 0.05
CONTROL = {"X-Sandbox-Control": "1"}
log = logging.getLogger("journeys")
T = TypeVar("T")


@dataclass(frozen=True)
class Site:
    """Where everything is, and what a test may ask of it."""

    url: str
    stripe: str
    app: Flask
    working: Working

    @property
    def house(self) -> House:
        house: House = self.app.extensions["house"]
        return house

    @property
    def now(self) -> datetime:
        return self.house.clock()

    def control(self, what: str, **given: object) -> dict[str, Any]:
        """Tell the sandbox something, or read from it where nothing is given."""
        method = "POST" if given else "GET"
        address = f"{self.stripe}/sandbox/control/{what}"
        answer = requests.request(
            method, address, json=given or None, headers=CONTROL, timeout=PATIENCE
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def pass_time(self, **amount: float) -> None:
        """Let time pass at Stripe and here, with all that comes due on the way."""
        moved = self.control("clock", advance=int(timedelta(**amount).total_seconds()))
        then = from_unix(float(moved["now"]))
        until(lambda: self.now >= then)
        self.working.begin_anew()
        self.settle()

    def settle(self) -> None:
        """Wait until every webhook has come and the worker has nothing left to do."""
        until(self._is_quiet, but=self._unfinished)

    def mails(self, email: str, kind: str) -> list[OutboxMessage]:
        """The mails of a kind to somebody, oldest first."""
        with self.house.db.reading() as session:
            mine = sa.select(OutboxMessage).where(
                OutboxMessage.to_address == email, OutboxMessage.kind == kind
            )
            return list(session.scalars(mine.order_by(OutboxMessage.id)))

    def mail(self, email: str, kind: str, *, number: int = 1) -> OutboxMessage:
        """Wait for so many mails of a kind to somebody; gives the newest."""
        return until(lambda: self.mails(email, kind)[number - 1 :])[-1]

    def _is_quiet(self) -> bool:
        states = self.control("deliveries")["states"]
        on_the_way = states.get("waiting", 0) + states.get("sending", 0)
        return not on_the_way and not any(self._unfinished().values())

    def _unfinished(self) -> dict[str, int]:
        new = sa.select(sa.func.count()).where(StripeEvent.state.in_(("new", "failed")))
        due = sa.select(sa.func.count()).where(Job.state == "ready", Job.run_at <= self.now)
        with self.house.db.reading() as session:
            return {"events": session.scalar(new) or 0, "jobs": session.scalar(due) or 0}


class Working:
    """A worker's loop in a thread of its own."""

    def __init__(self, app: Flask) -> None:
        self._work = work_of(app.extensions["house"])
        self._stop = threading.Event()
        self._worker = Worker(self._work, name="journeys")
        self._thread = threading.Thread(target=self._run, name="journeys-worker", daemon=True)

    def begin_anew(self) -> None:
        """Go on as a worker that was started just now: what comes by the hour is asked for."""
        self._worker = Worker(self._work, name="journeys")

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=PATIENCE)

    def _run(self) -> None:
        while not self._stop.is_set():
            if not self._worker.tick():
                self._stop.wait(LOOK_AGAIN)


class _Handler(WSGIRequestHandler):
    """Says nothing about requests that went well."""

    def log_request(self, *said: object, **more: object) -> None:
        log.debug("%s %s %s", self.requestline, said, more)


@contextmanager
def running(database: str, report: Report, *, since: datetime | None = None) -> Iterator[Site]:
    """Start everything on a migrated database, and stop it again."""
    with _listening() as mine, _sandbox(report, since or a_tenth()) as stripe:
        url = f"http://localhost:{mine.getsockname()[1]}"
        settings = Settings(
            app_env="development",
            database_url=database,
            secret_key="a key for journeys only",
            site_url=url,
            trusted_proxies=1,  # so that each visitor has an address of their own
            stripe_secret_key="sk_test_sandbox",
            stripe_webhook_secret=(WEBHOOK_SECRET,),
            stripe_api_base=stripe,
        )
        app = create_app(settings, clock=RehearsalClock(stripe))
        working = Working(app)
        site = Site(url, stripe, app, working)
        with site.house.db.transaction() as session:
            founding.found(session, now=site.now)
        with _served(app, mine):
            hook = f"{url.replace('localhost', '127.0.0.1')}/stripe/webhook"
            site.control(
                "endpoints", url=hook, secret=WEBHOOK_SECRET, enabled_events=sorted(SUBSCRIBED)
            )
            with working:
                yield site
        site.house.db.dispose()


def a_tenth() -> datetime:
    """The next tenth of a month, at noon: no journey of a fortnight meets the end of a month."""
    today = datetime.now(UTC)
    tenth = today.replace(day=10, hour=12, minute=0, second=0, microsecond=0)
    following = (tenth.replace(day=28) + timedelta(days=4)).replace(day=10)
    return tenth if tenth > today else following


def until(found: Callable[[], T], *, but: Callable[[], object] = str) -> T:
    """Ask again and again until the answer is true; ``but`` says what was still missing."""
    over = time.monotonic() + PATIENCE
    while not (answer := found()):
        if time.monotonic() > over:
            raise AssertionError(f"nothing came of {found}: {but()}")
        time.sleep(LOOK_AGAIN)
    return answer


@contextmanager
def _sandbox(report: Report, since: datetime) -> Iterator[str]:
    """A sandbox whose time begins at an instant and runs from there."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    sandbox = create_sandbox(":memory:", sender=checked_sender(send, report), public_url=url)
    sandbox.freeze(int(since.timestamp()))
    sandbox.resume()
    server = serve(sandbox, port=port, app=checked(sandbox.wsgi, report))
    try:
        yield url
    finally:
        server.stop()
        sandbox.close()


@contextmanager
def _served(app: Flask, bound: socket.socket) -> Iterator[None]:
    host, port = bound.getsockname()
    server = make_server(
        host, port, _at_once(app), threaded=True, request_handler=_Handler, fd=bound.fileno()
    )
    thread = threading.Thread(target=server.serve_forever, name="journeys-http", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join(timeout=PATIENCE)
        server.server_close()


def _at_once(app: WSGIApplication) -> WSGIApplication:
    """Answers are read to their end before they are sent.

    Werkzeug's server closes no file whose reader hangs up, as a browser does that is closed.
    """

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        pieces = app(environ, start)
        try:
            return [b"".join(pieces)]
        finally:
            getattr(pieces, "close", lambda: None)()

    return answer


@contextmanager
def _listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        yield bound


def _free_port() -> int:
    with _listening() as bound:
        return int(bound.getsockname()[1])
