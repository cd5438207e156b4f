"""Processes that start together on a database without a table."""

from __future__ import annotations

import os
import subprocess
import sys

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
    "STRIPE_WEBHOOK_SECRET": "whsec_1",
}


# The product is loaded once; then each name is a process that begins at the same moment.
TOGETHER = """
import os, sys
from wsgi import app
for name in sys.argv[1:]:
    if os.fork() == 0:
        app.cli(["staff", "add", f"{name}@news.example", "--role", "admin"])
sys.exit(sum(os.waitstatus_to_exitcode(os.wait()[1]) for _ in sys.argv[1:]))
"""


def told_by(*command: str, **settings: str) -> tuple[int, str]:
    """What a program of ours says in a process of its own, and how it ends."""
    environ = {k: v for k, v in os.environ.items() if k.lower() not in Settings.model_fields}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environ | SETTINGS | settings,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
    )
    return done.returncode, done.stdout


def test_without_its_database_nothing_starts_and_a_sentence_says_why() -> None:
    flask = ("-m", "flask", "--app", "wsgi")
    code, told = told_by(*flask, "serve", DATABASE_URL="sqlite:////proc/desk.db")

    assert code == 1
    assert "DATABASE_URL" in told
    assert len(told.splitlines()) <= 2, told


def test_two_that_start_together_make_one_newsroom(databases: Databases, engine_name: str) -> None:
    with databases.empty(engine_name) as url:
        code, told = told_by("-c", TOGETHER, "ann", "bob", DATABASE_URL=url)

        assert code == 0, told
        db = Database(url)
        with db.reading() as session:
            assert session.scalar(sa.select(sa.func.count()).select_from(StaffMember)) == 2
        db.dispose()
