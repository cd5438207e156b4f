"""Editors move topics where they may go, with a reason, and what was written first stays."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.core import audit
from app.core.errors import NotFound
from app.core.jobs import Job, Work, run_due
from app.core.settings import Settings
from app.mail.models import OutboxMessage
from app.topics import jobs as topic_jobs
from app.topics import moderating
from app.topics.errors import ReasonMissing, WrongStatus
from app.topics.models import STATUSES, Topic, TopicFollow, TopicStep, TopicText
from tests import factories
from tests.topics.scene import Scene

MAY = {
    ("received", "listed"), ("received", "hold"), ("received", "declined"),
    ("listed", "hold"), ("listed", "declined"),
    ("hold", "listed"), ("hold", "declined"), ("declined", "listed"),
    ("won", "reporting"), ("won", "published"), ("won", "hold"), ("won", "declined"),
    ("reporting", "reporting"), ("reporting", "published"), ("reporting", "hold"),
    ("reporting", "declined"), ("published", "published"), ("published", "reporting"),
}  # fmt: skip


def move(scene: Scene, topic_id: int, to: str, **about: object) -> None:
    values: dict[str, object] = {"note": "Because.", "story_url": "https://example.org/story"}
    with scene.db.transaction() as session:
        moderating.move(
            session,
            topic_id=topic_id,
            to=to,
            actor_id=scene.editor,
            now=scene.now,
            **values | about,  # type: ignore[arg-type]
        )


def topic(scene: Scene, topic_id: int) -> Topic:
    with scene.db.reading() as session:
        return session.get_one(Topic, topic_id)


def mails(scene: Scene) -> list[OutboxMessage]:
    with scene.db.reading() as session:
        return list(session.scalars(sa.select(OutboxMessage).order_by(OutboxMessage.to_address)))


@pytest.mark.parametrize("before", STATUSES)
def test_a_topic_goes_where_it_may_and_nowhere_else(scene: Scene, before: str) -> None:
    for to in STATUSES:
        (topic_id,) = scene.topics(1, status=before)
        if (before, to) in MAY:
            move(scene, topic_id, to)
            assert topic(scene, topic_id).status == to
        else:
            with pytest.raises(WrongStatus):
                move(scene, topic_id, to)


def test_each_step_is_dated_noted_and_audited(scene: Scene) -> None:
    (topic_id,) = scene.topics(1, status="won")
    move(scene, topic_id, "reporting", note="We asked for the records.", reporter="Olena M.")
    scene.clock.advance(days=20)
    move(scene, topic_id, "reporting", note="They came.")
    with scene.db.reading() as session:
        steps = sa.select(TopicStep).where(TopicStep.topic_id == topic_id).order_by(TopicStep.id)
        told = [(s.status, s.note, s.actor_id) for s in session.scalars(steps)]
        actions = session.scalars(sa.select(audit.AuditEntry.action)).all()
    assert told[1:] == [
        ("reporting", "We asked for the records.", scene.editor),
        ("reporting", "They came.", scene.editor),
    ]
    assert topic(scene, topic_id).reporter == "Olena M."
    assert actions == ["topic.moved", "topic.moved"]


@pytest.mark.parametrize("to", ["declined", "hold"])
def test_a_no_without_a_reason_is_refused(scene: Scene, to: str) -> None:
    (topic_id,) = scene.topics(1)
    with pytest.raises(ReasonMissing):
        move(scene, topic_id, to, note="")


def test_a_publication_without_its_story_is_refused(scene: Scene) -> None:
    (topic_id,) = scene.topics(1, status="won")
    with pytest.raises(ReasonMissing):
        move(scene, topic_id, "published", story_url=None)


def test_an_edit_keeps_what_the_reader_wrote(scene: Scene) -> None:
    (topic_id,) = scene.topics(1, title="watre is brown!!", text="why")

    def edit(words: dict[str, moderating.Wording]) -> None:
        with scene.db.transaction() as session:
            moderating.edit(
                session, topic_id=topic_id, words=words, weeks=3, proposer_name="Viktor S.",
                actor_id=scene.editor, now=scene.now,
            )  # fmt: skip

    english = moderating.Wording("Brown water", "Residents keep a diary.")
    edit({"en": english, "uk": moderating.Wording("Руда вода", "Мешканці ведуть щоденник.")})
    edited = topic(scene, topic_id)
    assert (edited.title, edited.original_title) == ("Brown water", "watre is brown!!")
    assert (edited.weeks, edited.proposer_name) == (3, "Viktor S.")
    with scene.db.reading() as session:
        assert session.get_one(TopicText, (topic_id, "uk")).title == "Руда вода"
    edit({"en": english, "uk": moderating.Wording("", "")})
    assert scene.count(TopicText) == 0


def test_spam_is_hidden_and_may_come_back_but_a_ballots_topic_stays(scene: Scene) -> None:
    topics = scene.topics(3)

    def hide(topic_id: int, hidden: bool) -> None:
        with scene.db.transaction() as session:
            moderating.hide(
                session, topic_id=topic_id, hidden=hidden, actor_id=scene.editor, now=scene.now
            )

    hide(topics[0], True)
    assert topic(scene, topics[0]).hidden
    with pytest.raises(WrongStatus):
        move(scene, topics[0], "declined")
    hide(topics[0], False)
    scene.open_round(topics[1:])
    with pytest.raises(WrongStatus):
        hide(topics[1], True)


def test_a_topic_that_is_not_there_is_not_moved(scene: Scene) -> None:
    with pytest.raises(NotFound):
        move(scene, 404, "listed")


def test_the_newsroom_puts_its_own_topic_on_the_list(scene: Scene) -> None:
    with scene.db.transaction() as session:
        topic_id = moderating.add(
            session, title="Schools", text="Below ground.", language="en", form_key="a",
            actor_id=scene.editor, now=scene.now,
        )  # fmt: skip
    added = topic(scene, topic_id)
    assert (added.status, added.by_newsroom) == ("listed", True)


def test_who_suggested_hears_why_it_was_not_taken(scene: Scene) -> None:
    (topic_id,) = scene.topics(1, status="received", title="Who cleans the beaches?")
    email = {"proposer_email": "reader@example.org"}
    scene.write(lambda session: session.execute(sa.update(Topic).values(email)))
    move(scene, topic_id, "declined", note="We reported it in May.")
    (mail,) = mails(scene)
    assert mail.to_address == "reader@example.org"
    assert "Who cleans the beaches?" in mail.subject
    assert "We reported it in May." in mail.text
    assert f"http://localhost/topics/{topic_id}" in mail.html


def test_everyone_who_asked_hears_once_that_the_story_is_out(
    scene: Scene, settings: Settings
) -> None:
    topics, followers = scene.topics(2), scene.patrons(3)
    round_id = scene.open_round(topics)
    for patron in followers[:2]:
        scene.cast(round_id, patron, topics[:1], wants_mail=True)
    scene.cast(round_id, followers[2], topics[:1])
    proposer = {"proposer_id": followers[0]}
    scene.write(lambda session: session.execute(sa.update(Topic).values(proposer)))
    scene.close(round_id)
    move(scene, topics[0], "published")
    move(scene, topics[0], "published", note="A word was mended.")
    worker = Work(scene.db, settings, scene.clock, {})
    run_due(worker, most=2)
    topic_jobs.story_out(worker, {"topic": topics[0]})
    kind = OutboxMessage.kind == "story_out"
    assert scene.count(OutboxMessage, kind) == 2
    assert scene.count(Job, Job.kind == "topics.story_out") == 1
    assert scene.count(TopicFollow) == 2
    assert all("https://example.org/story" in mail.text for mail in mails(scene))


def test_a_stranger_who_suggested_the_story_hears_of_it_too(
    scene: Scene, settings: Settings
) -> None:
    (topic_id,) = scene.topics(1, status="won", language="uk", title="Руда вода")
    email = {"proposer_email": "reader@example.org"}
    scene.write(lambda session: session.execute(sa.update(Topic).values(email)))
    with scene.db.transaction() as session:
        factories.make_account(session, now=scene.now)
    move(scene, topic_id, "published")
    run_due(Work(scene.db, settings, scene.clock, {}), most=1)
    (mail,) = mails(scene)
    assert (mail.to_address, mail.language) == ("reader@example.org", "uk")
