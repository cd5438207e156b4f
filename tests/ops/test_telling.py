"""What operators are told where the database, or Stripe, is away: a sentence with the remedy."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from flask import Flask

from app import create_app
from app.core.settings import Settings
from tests.databases import Databases
from tests.rehearsing import NOWHERE

FLASKS_OWN = {"run", "shell", "routes"}


@pytest.fixture(scope="module")
def stranded() -> Iterator[Flask]:
    """The application with nothing around it: no database, no Stripe."""
    made = create_app(settings("postgresql://nobody@127.0.0.1:1/desk", "http://127.0.0.1:1"))
    yield made
    made.extensions["house"].db.dispose()


def settings(database_url: str, stripe_api_base: str = NOWHERE) -> Settings:
    return Settings(
        app_env="development",
        database_url=database_url,
        secret_key="a key for tests only",
        site_url="http://localhost",
        stripe_secret_key="sk_test_1",
        stripe_webhook_secret=("whsec_1",),
        stripe_api_base=stripe_api_base,
    )


def commands(group: click.Group, *before: str) -> Iterator[list[str]]:
    """Every command of ours, with something for each word that it needs."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *before, name)
        elif before or name not in FLASKS_OWN:
            yield [*before, name, *(word for param in command.params for word in needed(param))]


def needed(param: click.Parameter) -> list[str]:
    if not param.required:
        return []
    word = param.type.choices[0] if isinstance(param.type, click.Choice) else "a@b.example"
    return [word] if isinstance(param, click.Argument) else [param.opts[0], word]


def test_every_command_names_the_setting_where_what_it_needs_is_away(stranded: Flask) -> None:
    flask = stranded.test_cli_runner()
    told = {" ".join(words): flask.invoke(args=words) for words in commands(stranded.cli)}
    assert len(told) >= 12
    for words, answer in told.items():
        setting = "STRIPE_SECRET_KEY" if words == "stripe setup" else "DATABASE_URL"
        assert answer.exit_code == 1, words
        assert isinstance(answer.exception, SystemExit), words
        assert setting in answer.output, words
        assert "Traceback" not in answer.output, words


def test_a_database_that_nobody_migrated_is_told_with_the_remedy(
    databases: Databases, engine_name: str
) -> None:
    with databases.empty(engine_name) as url:
        made = create_app(settings(url))
        told = made.test_cli_runner().invoke(args=["jobs", "retry", "all"])
        made.extensions["house"].db.dispose()
    assert told.exit_code == 1
    assert "`flask --app wsgi serve` has migrated it" in told.output


def test_a_mistake_of_ours_keeps_its_trace(
    stranded: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = stranded.extensions["house"]
    monkeypatch.setattr(type(house.db), "transaction", lambda _db: 1 // 0)
    told = stranded.test_cli_runner().invoke(args=["jobs", "retry", "all"])
    assert isinstance(told.exception, ZeroDivisionError)
