"""Bringing a database to the shape the code expects."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from app.core.settings import ROOT


def upgrade(url: str, revision: str = "head") -> None:
    """Migrate the database at this address up to a revision."""
    command.upgrade(_config(url), revision)


def downgrade(url: str, revision: str) -> None:
    """Migrate the database at this address down to a revision; "base" is empty."""
    command.downgrade(_config(url), revision)


def head() -> str:
    """The newest revision that the code has."""
    return str(ScriptDirectory.from_config(_config("")).get_current_head())


def _config(url: str) -> Config:
    config = Config(toml_file=ROOT / "pyproject.toml")
    config.attributes["url"] = url
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return config
