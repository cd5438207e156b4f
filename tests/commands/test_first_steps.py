"""An operator's first steps, in the order of docs/running.md."""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from flask import Flask

from app import create_app
from app.core.settings import Settings
from app.sandbox import Server, create_sandbox, serve
from tests.architecture.files import ROOT

COMMAND = re.compile(r"flask --app wsgi ([^`#\n]+)")


@pytest.fixture
def stripe() -> Iterator[Server]:
    sandbox = create_sandbox(":memory:")
    server = serve(sandbox)
    yield server
    server.stop()
    sandbox.close()


@pytest.fixture
def environment(stripe: Server, tmp_path: Path) -> dict[str, str]:
    """All that an operator can set before Stripe was told of the site."""
    return {
        "APP_ENV": "production",
        "DATABASE_URL": f"sqlite:///{tmp_path}/desk.db",
        "SECRET_KEY": "long enough for production, surely",
        "SITE_URL": "https://news.example",
        "STRIPE_SECRET_KEY": "sk_test_of_an_operator",
        "STRIPE_API_BASE": stripe.url,
        "MAIL_URL": f"file:{tmp_path}",
        "MAIL_FROM": "desk@news.example",
    }


@pytest.fixture
def app(environment: dict[str, str]) -> Flask:
    told = {name.lower(): text for name, text in environment.items()}
    return create_app(Settings(**told))  # type: ignore[arg-type]


def test_the_setup_prints_the_secret_that_serving_wants(app: Flask) -> None:
    flask = app.test_cli_runner()

    refused = flask.invoke(args=["serve"])
    assert refused.exit_code == 1
    assert "run `flask --app wsgi stripe setup`" in refused.output

    made = flask.invoke(args=["stripe", "setup"])
    assert made.exit_code == 0, made.output
    assert re.search(r"^STRIPE_WEBHOOK_SECRET=whsec_\w+$", made.output, re.MULTILINE)


def test_a_server_of_the_operators_own_refuses_to_start_without_it(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in environment.items():
        monkeypatch.setenv(name, text)
    monkeypatch.delenv("FLASK_RUN_FROM_CLI", raising=False)
    monkeypatch.delenv("STRIPE_WEBHOOK_SECRET", raising=False)

    with pytest.raises(SystemExit, match="STRIPE_WEBHOOK_SECRET is empty"):
        runpy.run_path(str(ROOT / "wsgi.py"))


def test_every_command_of_the_documents_is_there(app: Flask) -> None:
    told = [
        (page.name, words)
        for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
        for words in COMMAND.findall(page.read_text())
    ]

    assert len(told) > 8
    assert [f"{page}: {words}" for page, words in told if not is_there(app, words.split())] == []


def is_there(app: Flask, words: list[str]) -> bool:
    """Whether these words name a command, and every option in them is one of its own."""
    found: click.Command | None = app.cli
    while isinstance(found, click.Group) and words and words[0] in found.commands:
        found = found.commands[words.pop(0)]
    if found is None or isinstance(found, click.Group):
        return False
    options = {option for param in found.params for option in param.opts}
    return {word for word in words if word.startswith("-")} <= options
