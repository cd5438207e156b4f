"""What the log is told when something goes wrong: enough to mend it, and nothing of anybody."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from app.core.db import Database
from tests import founding
from tests.clocks import START
from tests.reading import Reader

FAULTS = {500: ZeroDivisionError(), 503: OperationalError("", {}, OSError())}


@pytest.mark.parametrize("status", FAULTS)
def test_a_link_that_opens_a_pledge_is_not_in_the_log(
    app: Flask, db: Database, client: Reader, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    def fail(**_given: str) -> None:
        raise FAULTS[status]

    with db.transaction() as session:
        founding.found(session, now=START)
    monkeypatch.setitem(app.view_functions, "membership.manage", fail)
    with capture_logs() as lines:
        assert client.get("/manage/secret-of-somebody").status_code == status
    assert "secret-of-somebody" not in str(lines)
    assert [line["address"] for line in lines] == ["/manage/<token>"]
