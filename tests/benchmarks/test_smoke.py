"""Each benchmark runs, and its check of the rows bites; nothing here looks at a time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from app import create_app
from tests.benchmarks import pages, votes, webhooks
from tests.benchmarks.__main__ import table
from tests.benchmarks.loading import Failed
from tests.benchmarks.places import HOST, Place, place

pytestmark = pytest.mark.slow
SIZE = 20


@pytest.fixture(scope="module")
def where() -> Iterator[Place]:
    with place("sqlite") as made:
        yield made


def test_events_are_taken_in_and_handled_and_a_lost_or_double_row_is_noticed(where: Place) -> None:
    taken, handled = webhooks.run(where, size=SIZE, rounds=1, workers=1)
    right = {"patrons": SIZE // 5, "events": SIZE}

    assert [taken.work, handled.work] == ["taken in", "handled"]
    for side in ("webhooks", "webhooks_floor"):
        webhooks.check(where.url(side), side=side, **right)
        change(
            where, side, "DELETE FROM stripe_event WHERE id = (SELECT max(id) FROM stripe_event)"
        )
        with pytest.raises(Failed, match=f"{side}: found"):
            webhooks.check(where.url(side), side=side, **right)


def test_ballots_are_kept_and_a_mark_that_is_not_the_voters_is_noticed(where: Place) -> None:
    (figure,) = votes.run(where, size=SIZE, rounds=1, workers=1)

    assert figure.product > 0
    for side in ("votes", "votes_floor"):
        cast, _ = votes.kept(where.url(side))
        votes.check(where.url(side), side=side, wanted=cast)
        change(
            where, side, "DELETE FROM ballot_mark WHERE ballot_id = (SELECT max(id) FROM ballot)"
        )
        with pytest.raises(Failed, match=f"{side}: the ballots of 1 people"):
            votes.check(where.url(side), side=side, wanted=cast)


def test_pages_are_served_and_one_that_says_another_number_is_noticed(where: Place) -> None:
    figures = pages.run(where, size=SIZE, rounds=1, workers=1, requests=8)
    pages.check(front(where), path="/", wanted=["20 readers"])

    change(where, "pages", "DELETE FROM movement WHERE id = (SELECT max(id) FROM movement)")

    assert [figure.work for figure in figures] == list(pages.PAGES)
    assert "pages /join" in table(figures)
    with pytest.raises(Failed, match="pages: / does not say 20 readers"):
        pages.check(front(where), path="/", wanted=["20 readers"])


def change(where: Place, side: str, statement: str) -> None:
    """Break a row behind the product's back."""
    engine = sa.create_engine(where.url(side))
    with engine.begin() as connection:
        assert connection.exec_driver_sql(statement).rowcount > 0
    engine.dispose()


def front(where: Place) -> str:
    """The front page as it is served now."""
    app = create_app(where.settings(where.url("pages")))
    page = app.test_client().get("/", base_url=f"https://{HOST}").text
    app.extensions["house"].db.dispose()
    return page
