"""The sandbox and the app brought together in one process: webhooks, worker, and quiet at last."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from jinja2 import FileSystemBytecodeCache

from app import create_app
from app.core import jobs
from app.core.clock import Clock, wall_clock
from app.core.settings import Settings
from app.payments import handling
from tests.databases import let_go
from tests.reading import Reader

if TYPE_CHECKING:
    from flask import Flask

    from app.core.jobs import Work
    from app.core.web.context import House
    from app.sandbox import Sandbox

# No server answers there: a call that is not made in this process fails at once.
NOWHERE = "http://127.0.0.1:1"
WEBHOOK = "http://127.0.0.1:1/stripe/webhook"
WEBHOOK_SECRET = "whsec_test"
MOST_ROUNDS = 200
# The key that --stripe-live was called with; the tests themselves read no setting of the shell.
SHELL_KEY = pytest.StashKey[str]()


class Post:
    """Carries webhooks to the app, which is made after the sandbox."""

    def __init__(self) -> None:
        self.app: Flask | None = None

    def deliver(self, url: str, headers: dict[str, str], body: bytes) -> int:
        """Hand one over; gives the status that the app answers."""
        if self.app is None:
            pytest.fail("a webhook was sent in a test that has no app; ask for the fixture `app`")
        path = urlsplit(url).path
        client = self.app.test_client(use_cookies=False)
        return client.post(path, data=body, headers=headers).status_code


class Hands:
    """A clock that shows the time of the test in hand; the app that has it outlives the test."""

    def __init__(self) -> None:
        self.clock: Clock = wall_clock

    def __call__(self) -> datetime:
        return self.clock()


class Apps:
    """The application, made once for all tests that want the same settings.

    A test brings its own time and its own Stripe; an app that it changed is not used again.
    """

    def __init__(self, templates: Path) -> None:
        self._templates = FileSystemBytecodeCache(str(templates))
        self._hands = Hands()
        self._made: dict[Settings, Flask] = {}

    @contextmanager
    def app(self, settings: Settings, clock: Clock, services: dict[str, Any]) -> Iterator[Flask]:
        """The app with these; its connections are closed at the end."""
        self._hands.clock = clock
        app = self._made.pop(settings, None) or self._make(settings)
        house: House = app.extensions["house"]
        before, own = traits(app), dict(house.services)
        house.services.update(services)
        yield app
        app.extensions["house"] = house
        house.services.clear()
        house.services.update(own)
        if traits(app) == before:
            let_go(house.db)
            self._made[settings] = app
        else:
            house.db.dispose()

    def close(self) -> None:
        """Let all connections go."""
        for app in self._made.values():
            app.extensions["house"].db.dispose()

    def _make(self, settings: Settings) -> Flask:
        app = create_app(settings, clock=self._hands)
        app.test_client_class = Reader
        app.jinja_env.bytecode_cache = self._templates
        return app


def traits(app: Flask) -> object:
    """What a test may have changed of an app: its routes, settings and hooks."""
    app._got_first_request = False  # a test may add a route of its own
    hooks = [
        list(map(len, kind.values()))
        for kind in (app.before_request_funcs, app.after_request_funcs)
    ]
    return [rule.rule for rule in app.url_map.iter_rules()], dict(app.config), hooks


def settle(work: Work, sandbox: Sandbox) -> None:
    """Let webhooks arrive and be handled, and jobs be done, until nothing is left at this time.

    What comes due by itself, the nightly comparison with Stripe above all, is left out.
    """
    for _ in range(MOST_ROUNDS):
        sent = sandbox.deliver()["sent"]
        events = handling.handle_due(work.db, work.services["gateway"], now=work.now)
        if not sent + events + jobs.run_due(work):
            return
    pytest.fail("webhooks and jobs went on and on")
