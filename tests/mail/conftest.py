"""What the tests of mails stand on: a newsroom, and a post office under the test's hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.db import Database
from app.core.settings import Settings
from app.mail import outbox
from app.newsroom import queries
from tests import founding
from tests.clocks import FixedClock
from tests.mail.office import Office


@pytest.fixture
def office(
    db: Database, settings: Settings, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> Office:
    """A founded newsroom whose mails go where the test says."""
    with db.transaction() as session:
        founding.found(session, now=clock())
        session.flush()
        queries.current(session).name = "The Dnipro Ledger"
        queries.current(session).reply_to = "desk@ledger.example"
    monkeypatch.setitem(db.info, outbox.SITE_URL, "https://ledger.example")
    return Office(db, settings, clock)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where mails are written as files."""
    return tmp_path / "mails"
