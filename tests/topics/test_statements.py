"""What a page asks of the database, counted: few questions, and no more with more rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.reading import TOKEN, Reader
from tests.statements import statements
from tests.topics.scene import Scene

if TYPE_CHECKING:
    from flask import Flask

Visit = Callable[[int | None], Reader]
# Newsroom, running round and (where signed in) session are asked for on every page; for strangers
# on PostgreSQL also whether anything was written.
MOST = {
    "/topics": 5,
    "/stories": 4,
    "/rounds/{running}": 12,
    "/rounds/{closed}": 11,
    "/rounds/{closed}/result": 10,
    "/rounds/{closed}/ballots.csv": 4,
    "/rounds/{closed}/recount.py": 7,
    "/topics/{topic}": 7,
    "/admin/rounds": 5,
    "/admin/topics": 4,
}


def grow(scene: Scene, people: int, topics: int) -> dict[str, int]:
    """A closed and a running round with that many ballots and topics; gives their numbers."""
    patrons = scene.patrons(people)
    chosen = scene.topics(topics)
    closed = scene.open_round(chosen)
    for patron in patrons:
        scene.cast(closed, patron, chosen[1:])
    scene.close(closed)
    running = scene.open_round([chosen[0], *chosen[2:]])  # the second has won
    for patron in patrons[: people // 2]:
        scene.cast(running, patron, chosen[:1], wants_mail=True)
    scene.topics(topics, status="declined")
    scene.topics(topics)
    return {"closed": closed, "running": running, "topic": chosen[0], "voter": patrons[0]}


def asked(app: Flask, reader: Reader, address: str) -> int:
    with statements(app.extensions["house"].db) as seen:
        answer = reader.get(address)
        assert answer.status_code == 200, address
        answer.get_data()
    return len(seen)


@pytest.mark.parametrize("who", ["stranger", "voter", "editor"])
def test_pages_ask_few_questions_and_no_more_with_more_rows(
    app: Flask, scene: Scene, visit: Visit, who: str
) -> None:
    few = grow(scene, people=2, topics=3)
    reader = visit(None if who == "stranger" else few["voter"] if who == "voter" else scene.editor)
    pages = [page for page in MOST if who == "editor" or not page.startswith("/admin")]
    before = {page: asked(app, reader, page.format(**few)) for page in pages}
    scene.close(few["running"])
    many = grow(scene, people=20, topics=12)
    after = {page: asked(app, reader, page.format(**many)) for page in pages}
    assert after == before
    assert {page: count for page, count in after.items() if count > MOST[page]} == {}


def test_a_ballot_is_saved_in_few_statements(app: Flask, scene: Scene, visit: Visit) -> None:
    patron, topics = scene.patron(), scene.topics(12)
    round_id = scene.open_round(topics)
    reader = visit(patron)
    token = TOKEN.search(reader.get(f"/rounds/{round_id}").text)
    assert token
    counts = []
    for marked in (topics[:1], topics, topics[1:3]):
        form = {"csrf_token": token[1], "choice": [str(topic) for topic in marked]}
        with statements(app.extensions["house"].db) as seen:
            assert reader.post(f"/rounds/{round_id}/ballot", data=form).status_code == 303
        counts.append(len(seen))
    assert counts[0] <= 5  # who it is, the lock on PostgreSQL, the seat, the ballot, its marks
    assert max(counts) <= 9
