"""The sandbox and the app brought together in one process: webhooks, worker, and quiet at last."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from app.ops.cli import work_of
from app.ops.worker import Worker

if TYPE_CHECKING:
    from flask import Flask

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


def settler(app: Flask, sandbox: Sandbox) -> Callable[[], None]:
    """A function that delivers and works until nothing is left to do at this time."""
    house: House = app.extensions["house"]
    worker = Worker(work_of(house), name="test")

    def settle() -> None:
        for _ in range(MOST_ROUNDS):
            sent = sandbox.deliver()["sent"]
            if not worker.tick() and not sent:
                return
        pytest.fail("webhooks and jobs went on and on")

    return settle
