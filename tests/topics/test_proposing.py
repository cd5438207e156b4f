"""A suggestion is kept once, for the editors only, with or without an account."""

from __future__ import annotations

import sqlalchemy as sa

from app.topics import proposing
from app.topics.models import Topic, TopicStep
from tests.topics.scene import Scene, at_once


def propose(scene: Scene, form_key: str = "form", **about: object) -> int:
    values: dict[str, object] = {
        "title": "Who cleans the beaches?",
        "text": "Nobody knows.",
        "language": "en",
        "form_key": form_key,
        "now": scene.now,
        "email": "reader@example.org",
    }
    with scene.db.transaction() as session:
        return proposing.propose(session, **values | about)  # type: ignore[arg-type]


def test_a_reader_without_an_account_suggests(scene: Scene) -> None:
    topic_id = propose(scene, article="/2026/beaches")
    with scene.db.reading() as session:
        topic = session.get_one(Topic, topic_id)
        steps = session.scalars(sa.select(TopicStep.status)).all()
    assert (topic.status, topic.proposer_id) == ("received", None)
    assert topic.proposer_email == "reader@example.org"
    assert topic.article == "/2026/beaches"
    assert steps == ["received"]


def test_with_an_account_no_address_is_kept_beside_it(scene: Scene) -> None:
    account = scene.stranger()
    topic_id = propose(scene, account_id=account)
    with scene.db.reading() as session:
        topic = session.get_one(Topic, topic_id)
    assert (topic.proposer_id, topic.proposer_email) == (account, None)


def test_a_form_sent_many_times_at_once_is_one_topic(scene: Scene) -> None:
    assert at_once([lambda: propose(scene)] * 6) == []
    assert scene.count(Topic) == 1
    assert scene.count(TopicStep) == 1
    propose(scene, form_key="another")
    assert scene.count(Topic) == 2
