"""What the tests of joining stand on."""

from __future__ import annotations

import pytest
from flask import Flask

from app.sandbox import WiredSandbox
from tests import founding
from tests.clocks import FixedClock
from tests.membership.counter import Counter


@pytest.fixture
def counter(app: Flask, clock: FixedClock, sandbox: WiredSandbox) -> Counter:
    """A founded newsroom that takes pledges."""
    made = Counter(app, clock, sandbox)
    with made.db.transaction() as session:
        founding.found(session, now=clock())
    return made
