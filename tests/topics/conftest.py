"""What the tests of topics and rounds stand on."""

from __future__ import annotations

import pytest

from app.core.db import Database
from app.newsroom import founding
from tests.clocks import FixedClock
from tests.topics.scene import Scene


@pytest.fixture
def scene(db: Database, clock: FixedClock) -> Scene:
    """A newsroom that was founded, with an editor."""
    with db.transaction() as session:
        founding.found(session, now=clock())
    return Scene(db, clock)
