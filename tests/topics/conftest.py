"""What the tests of topics and rounds stand on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from app.core.db import Database
from tests import factories, founding
from tests.clocks import FixedClock
from tests.reading import Reader
from tests.topics.scene import Scene

if TYPE_CHECKING:
    from flask import Flask


@pytest.fixture
def scene(db: Database, clock: FixedClock) -> Scene:
    """A newsroom that was founded, with an editor."""
    with db.transaction() as session:
        founding.found(session, now=clock())
    return Scene(db, clock)


@pytest.fixture
def visit(app: Flask, scene: Scene) -> Callable[[int | None], Reader]:
    """A browser of its own for a person, signed in; None is a stranger's."""

    def open_browser(account_id: int | None) -> Reader:
        reader = app.test_client()
        assert isinstance(reader, Reader)
        if account_id is not None:
            with scene.db.transaction() as session:
                token = factories.sign_in(session, account_id)
            with reader.session_transaction() as kept:
                kept["_user_id"] = token
        return reader

    return open_browser
