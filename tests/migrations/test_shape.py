"""Migrations and models describe one and the same database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from alembic.config import Config
from alembic.script import ScriptDirectory

import app.schema  # noqa: F401  (every room's tables)
from app.core.db import Base, Database
from app.ops.migrating import downgrade, upgrade
from tests.architecture.files import ROOT
from tests.databases import Databases
from tests.migrations.shape import shape


def test_there_is_one_newest_migration() -> None:
    assert len(script().get_heads()) == 1


def test_the_newest_migration_makes_what_the_models_say(
    engine_name: str, databases: Databases
) -> None:
    with opened(databases, engine_name) as migrated, opened(databases, engine_name) as made:
        upgrade(migrated.url.render_as_string(hide_password=False))
        Base.metadata.create_all(made.engine)

        assert shape(migrated) == shape(made)


def test_every_step_goes_up_and_down_and_up_again(engine_name: str, databases: Databases) -> None:
    with opened(databases, engine_name) as db:
        url = db.url.render_as_string(hide_password=False)
        for step in steps():
            below = shape(db)
            upgrade(url, step)
            above = shape(db)
            assert above != below
            downgrade(url, "-1")
            assert shape(db) == below, f"{step} leaves something behind"
            upgrade(url, step)
            assert shape(db) == above, f"{step} makes something else the second time"


def test_going_all_the_way_down_leaves_nothing(engine_name: str, databases: Databases) -> None:
    with opened(databases, engine_name) as db:
        url = db.url.render_as_string(hide_password=False)
        upgrade(url)
        downgrade(url, "base")

        assert shape(db) == []


def steps() -> list[str]:
    return [revision.revision for revision in reversed(list(script().walk_revisions()))]


def script() -> ScriptDirectory:
    config = Config(toml_file=ROOT / "pyproject.toml")
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return ScriptDirectory.from_config(config)


@contextmanager
def opened(databases: Databases, engine_name: str) -> Iterator[Database]:
    with databases.empty(engine_name) as url:
        db = Database(url)
        try:
            yield db
        finally:
            db.dispose()
