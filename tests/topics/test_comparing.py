"""Like topics are found in both languages, whatever the order of words and their endings."""

from __future__ import annotations

import pytest

from app.topics import comparing
from tests import factories
from tests.topics.scene import Scene

KNOWN = [
    ("en", "Ambulances: how long the left bank waits"),
    ("en", "Brown water in three districts"),
    ("en", "Rents for people who had to move"),
    ("uk", "Скільки чекає на швидку лівий берег"),
    ("uk", "Руда вода в трьох районах"),
    ("en", "Night buses that never came"),
]


@pytest.fixture
def known(scene: Scene) -> Scene:
    with scene.db.transaction() as session:
        for language, title in KNOWN:
            factories.make_topic(session, now=scene.now, title=title, language=language)
    return scene


def found(scene: Scene, title: str) -> list[str]:
    with scene.db.reading() as session:
        return [topic.title for topic in comparing.similar(session, title=title)]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("Why does the left bank wait so long for an ambulance?", 0),
        ("The water is brown in our district", 1),
        ("What people who moved pay for rent", 2),
        ("Чому швидкої на лівому березі так довго чекають?", 3),
        ("У нашому районі руда вода", 4),
        ("NIGHT BUS", 5),
    ],
)
def test_the_like_topic_comes_first(known: Scene, asked: str, expected: int) -> None:
    assert found(known, asked)[:1] == [KNOWN[expected][1]]


@pytest.mark.parametrize("asked", ["", "the and of", "Dogs of the industrial zone", "\U0001f98a"])
def test_what_is_like_nothing_finds_nothing(known: Scene, asked: str) -> None:
    assert found(known, asked) == []


def test_what_no_editor_has_read_is_not_shown(scene: Scene) -> None:
    with scene.db.transaction() as session:
        factories.make_topic(session, now=scene.now, title="Brown water again", status="received")
    assert found(scene, "Brown water again") == []


def test_words_are_cut_to_five_letters() -> None:
    assert comparing.stems("The ambulances, лікарні and a Ґанок!") == "ambul лікар ґанок"
