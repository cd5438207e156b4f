"""Processes that start together on a database without a table."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import sqlalchemy as sa

from app.accounts.models import StaffMember
from app.core.db import Database
from app.core.settings import Settings
from tests.architecture.files import ROOT
from tests.databases import Databases

SETTINGS = {
    "APP_ENV": "development",
    "SECRET_KEY": "any",
    "SITE_URL": "http://localhost:8000",
    "STRIPE_SECRET_KEY": "sk_test_1",
}


def start(*words: str, **settings: str) -> subprocess.Popen[str]:
    """A command of ours in a process of its own."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *words]
    environ = {k: v for k, v in os.environ.items() if k.lower() not in Settings.model_fields}
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environ | SETTINGS | settings,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


@pytest.mark.parametrize(
    "url",
    ["postgresql://nobody@127.0.0.1:1/desk", "sqlite:////proc/desk.db", "sqlite:////proc/a/b.db"],
)
def test_without_its_database_nothing_starts_and_a_sentence_says_why(url: str) -> None:
    process = start("serve", DATABASE_URL=url, STRIPE_WEBHOOK_SECRET="whsec_1")
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "DATABASE_URL" in told
    assert len(told.splitlines()) <= 2, told


def test_two_that_start_together_make_one_newsroom(databases: Databases, engine_name: str) -> None:
    with databases.empty(engine_name) as url:
        together = [
            start("staff", "add", f"{name}@news.example", "--role", "admin", DATABASE_URL=url)
            for name in ("ann", "bob")
        ]
        for process in together:
            told, _ = process.communicate(timeout=60)
            assert process.returncode == 0, told
        db = Database(url)
        with db.reading() as session:
            assert session.scalar(sa.select(sa.func.count()).select_from(StaffMember)) == 2
        db.dispose()
