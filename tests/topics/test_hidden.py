"""No output of a running round depends on how anybody else voted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from app.topics.models import BallotMark, RoundOption
from tests import factories
from tests.reading import Reader
from tests.topics import hidden
from tests.topics.scene import Scene

if TYPE_CHECKING:
    from flask import Flask

pytestmark = pytest.mark.slow
Visit = Callable[[int | None], Reader]


@pytest.fixture
def running(scene: Scene) -> dict[str, list[int]]:
    """A closed round and a running one with a clear leader; what addresses may be filled with."""
    patrons, topics = scene.patrons(9), scene.topics(6)
    earlier = scene.open_round(topics[:3])
    for number, patron in enumerate(patrons):
        scene.cast(earlier, patron, topics[: 1 + number % 2])
    scene.close(earlier)
    round_id = scene.open_round(topics[3:])
    for patron in patrons[:7]:
        scene.cast(round_id, patron, topics[3:4], wants_mail=True)
    scene.cast(round_id, patrons[7], [])
    draft = scene.draft(topics[1:3], wait=400)
    return {
        "round_id": [earlier, round_id, draft],
        "topic_id": [topics[0], topics[3], topics[4]],
        "patrons": patrons,
    }


def visitors(
    scene: Scene, visit: Visit, running: dict[str, list[int]], roles: tuple[str, ...]
) -> dict[str, Reader]:
    """Everybody who may look: a stranger, a member who voted, one who did not, and staff."""
    with scene.db.transaction() as session:
        people = {role: factories.make_staff(session, now=scene.now, role=role) for role in roles}
    people |= {"voter": running["patrons"][0], "member": running["patrons"][8]}
    return {"stranger": visit(None), **{name: visit(person) for name, person in people.items()}}


def test_other_marks_change_no_byte_of_any_page_of_topics(
    app: Flask, scene: Scene, visit: Visit, running: dict[str, list[int]], in_full: bool
) -> None:
    """The voter's own ballot stays as it is, so that even their page must not change."""
    roles = ("admin", "editor", "finance", "viewer") if in_full else ("admin", "editor")
    languages = ("", "?lang=en", "?lang=uk") if in_full else ("",)
    readers = visitors(scene, visit, running, roles)
    round_id, voter = running["round_id"][1], running["patrons"][0]

    def seen() -> hidden.Seen:
        return hidden.walk(app, readers, values=running, only="topics", queries=languages)

    before = seen()
    counted = hidden.tally(scene.db, round_id)
    hidden.change_marks(scene.db, round_id, but_for=[voter])
    assert hidden.tally(scene.db, round_id) != counted
    assert sum(answer[0] == 200 for answer in before.values()) > 50
    assert hidden.differences(before, seen()) == {}


def test_the_walk_would_notice_a_count(
    app: Flask, scene: Scene, visit: Visit, running: dict[str, list[int]]
) -> None:
    """A page that lists the leader first, put there by this test, is found."""
    round_id = running["round_id"][1]
    db = scene.db

    def leak() -> str:
        counted = sa.func.count(BallotMark.ballot_id)
        ranked = (
            sa.select(RoundOption.topic_id)
            .outerjoin(BallotMark, BallotMark.option_id == RoundOption.id)
            .where(RoundOption.round_id == round_id)
            .group_by(RoundOption.topic_id)
            .order_by(counted.desc(), RoundOption.topic_id)
        )
        with db.reading() as session:
            return ",".join(map(str, session.scalars(ranked)))

    app.add_url_rule("/leak", "topics.leak", leak)
    readers = {"stranger": visit(None)}
    before = hidden.walk(app, readers, values=running, only="topics.leak")
    hidden.change_marks(scene.db, round_id)
    after = hidden.walk(app, readers, values=running, only="topics.leak")
    assert [place[1] for place in hidden.differences(before, after)] == ["/leak"]


def test_a_route_that_nobody_gave_values_for_is_not_passed_over(app: Flask) -> None:
    app.add_url_rule("/things/<int:thing_id>", "topics.thing", lambda thing_id: "")
    with pytest.raises(hidden.UnknownValue, match="thing_id"):
        hidden.addresses(app, {"round_id": [1], "topic_id": [1]}, "topics")


def test_after_closing_the_marks_do_show(
    app: Flask, scene: Scene, visit: Visit, running: dict[str, list[int]]
) -> None:
    """The other way round: what hides them is the running round, not a page that never shows."""
    round_id = running["round_id"][1]
    scene.close(round_id)
    readers = {"stranger": visit(None)}
    before = hidden.walk(app, readers, values=running, only="topics.ballots_csv")
    hidden.change_marks(scene.db, round_id)
    after = hidden.walk(app, readers, values=running, only="topics.ballots_csv")
    changed = {place[1] for place in hidden.differences(before, after)}
    assert changed == {f"/rounds/{round_id}/ballots.csv"}


def test_other_marks_change_no_byte_of_any_page_at_all(
    app: Flask, scene: Scene, visit: Visit, running: dict[str, list[int]]
) -> None:
    """The whole route map: pages, JSON, files, feeds, the desk; a new route is walked by itself."""
    readers = visitors(scene, visit, running, ("admin", "finance"))
    round_id, voter = running["round_id"][1], running["patrons"][0]
    values: dict[str, list[object]] = {
        "round_id": [running["round_id"][1]],
        "topic_id": [running["topic_id"][1]],
        "account_id": [voter, running["patrons"][8]],
        "currency": ["EUR"],
        "filename": ["css/reader.css"],
        "token": ["nobody"],
        "receipt_id": [1],
        "message_id": [1],
        "number": [1],
        "charge_id": ["ch_1"],
        "reporting.patrons:figure": ["patrons", "mrr", "at-risk", "committed"],
        "reporting.movements:key": [scene.now.strftime("%Y-%m")],
        "newsroom_staff.text:key": ["ask.title"],
    }

    def seen() -> hidden.Seen:
        return hidden.walk(app, readers, values=values)

    before = seen()
    hidden.change_marks(scene.db, round_id, but_for=[voter])
    assert sum(answer[0] == 200 for answer in before.values()) > 100
    assert hidden.differences(before, seen()) == {}
