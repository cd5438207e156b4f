"""When the demo is made, and when a newsroom stays as it is."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.accounts import people
from app.core import progress
from app.core.clock import wall_clock
from app.core.db import Database
from app.core.jobs import Job
from app.core.settings import STRIPE_API, Settings
from app.ops.demo import building

BESIDE_A_SANDBOX = Settings.model_construct(
    app_env="development", stripe_api_base="http://127.0.0.1:8001"
)


@pytest.fixture(autouse=True)
def _no_mark_in_this_checkout(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setattr(building, "UNFINISHED", tmp_path_factory.mktemp("var") / "unfinished")


def ask(db: Database, *, empty: bool = False) -> bool:
    return building.ask(db, BESIDE_A_SANDBOX, seed=1, empty=empty)


def asked_for(db: Database) -> list[str]:
    with db.reading() as session:
        return list(session.scalars(sa.select(Job.kind).order_by(Job.id)))


def test_an_empty_newsroom_gets_a_demo_once(db: Database) -> None:
    assert [ask(db), ask(db)] == [True, False]

    assert asked_for(db) == ["demo.build"]
    assert building.UNFINISHED.exists(), "a start that finds it begins anew"


def test_a_finished_demo_stays_and_is_wired_at_each_start(db: Database) -> None:
    ask(db)
    with db.transaction() as session:
        progress.start(
            session, name=building.NAME, total=1, wall=wall_clock()
        ).finished_at = wall_clock()

    assert [ask(db), ask(db)] == [False, False]
    assert asked_for(db) == ["demo.build", "demo.connect", "demo.connect"]


def test_a_newsroom_with_people_of_its_own_stays_as_it_is(db: Database) -> None:
    with db.transaction() as session:
        people.find_or_create(session, email="a@example.org", language="en", now=wall_clock())

    assert ask(db) is False
    assert asked_for(db) == ["demo.connect"]


def test_an_empty_start_is_only_wired(db: Database) -> None:
    assert ask(db, empty=True) is False

    assert asked_for(db) == ["demo.connect"]


@pytest.mark.parametrize("elsewhere", [{"stripe_api_base": STRIPE_API}, {"app_env": "production"}])
def test_there_is_no_demo_beside_the_real_stripe(db: Database, elsewhere: dict[str, str]) -> None:
    with pytest.raises(building.NotARehearsal):
        building.ask(db, BESIDE_A_SANDBOX.model_copy(update=elsewhere), seed=1)

    assert asked_for(db) == []
