"""What the log is told when something goes wrong: enough to mend it, and nothing of anybody."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from app.core.db import Database
from tests import founding
from tests.clocks import START
from tests.reading import Reader

OURS = "http://localhost"
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


@pytest.mark.parametrize(
    ("before", "back"),
    [
        (f"{OURS}/topics?after=7&lang=uk", "/topics?after=7&amp;lang=uk"),
        (f"{OURS}/nowhere", None),
        (f"{OURS}//evil.example/", None),
        ("https://evil.example/topics", None),
        ("http://[", None),
        ("", None),
    ],
)
def test_an_error_leads_back_to_the_page_of_ours_before_it(
    db: Database, client: Reader, before: str, back: str | None
) -> None:
    with db.transaction() as session:
        founding.found(session, now=START)
    page = client.get("/nowhere", headers={"Referer": before})
    found = re.search(r'href="([^"]*)">Back to where you were', page.text)
    assert (found[1] if found else None) == back
