"""A round opens once, at its instant, and what it opened with stands still."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from app.core import audit, jobs
from app.core.settings import Settings
from app.topics import moderating, opening, planning
from app.topics.errors import (
    AnotherIsOpen,
    NotListed,
    RoundNotDraft,
    TooFewTopics,
    TooManyTopics,
    WrongDates,
)
from app.topics.jobs import rounds_due
from app.topics.models import Round, RoundOption, Topic
from app.topics.queries import open_round
from tests import factories
from tests.topics.scene import Scene, at_once


def schedule(scene: Scene, round_id: int) -> None:
    scene.write(
        lambda session: planning.schedule(
            session, round_id=round_id, actor_id=scene.editor, now=scene.now
        )
    )


def open_due(scene: Scene, round_id: int) -> None:
    scene.write(lambda session: opening.open_due(session, round_id=round_id, now=scene.now))


def work(scene: Scene, settings: Settings) -> None:
    """What a worker does at this moment."""
    jobs.run_due(jobs.Work(scene.db, settings, scene.clock, {}))


def decline(scene: Scene, topic_id: int) -> None:
    scene.write(
        lambda session: moderating.move(
            session,
            topic_id=topic_id,
            to="declined",
            note="It has been reported.",
            actor_id=scene.editor,
            now=scene.now,
        )
    )


def status(scene: Scene, topic_id: int) -> str:
    with scene.db.reading() as session:
        return session.get_one(Topic, topic_id).status


def acts(scene: Scene) -> list[str]:
    with scene.db.reading() as session:
        return list(session.scalars(sa.select(audit.AuditEntry.action).order_by("id")))


def test_opening_freezes_options_in_the_order_they_were_suggested(scene: Scene) -> None:
    topics = scene.topics(3)
    round_id = scene.open_round(list(reversed(topics)))
    with scene.db.reading() as session:
        options = sa.select(RoundOption).where(RoundOption.round_id == round_id)
        places = {option.topic_id: option.place for option in session.scalars(options)}
    assert places == {topics[0]: 1, topics[1]: 2, topics[2]: 3}
    assert {status(scene, topic) for topic in topics} == {"on_ballot"}


def test_an_edit_after_opening_does_not_reach_the_ballot(scene: Scene) -> None:
    topics = scene.topics(2, title="Brown water in three districts")
    scene.open_round(topics)
    scene.write(
        lambda session: moderating.edit(
            session,
            topic_id=topics[0],
            words={"en": moderating.Wording("Clear water after all", "Nothing to see.")},
            weeks=1,
            proposer_name=None,
            actor_id=scene.editor,
            now=scene.now,
        )
    )
    with scene.db.reading() as session:
        card = open_round(session)
    assert card is not None
    assert {option.title for option in card.topics} == {"Brown water in three districts"}
    assert {option.weeks for option in card.topics} == {None}


def test_the_rule_is_frozen_as_the_newsroom_had_it(scene: Scene) -> None:
    round_id = scene.open_round(scene.topics(2))
    rule = scene.round(round_id).rule
    assert rule["one_time_days"] == 365
    assert rule["one_time_minimum"]["EUR"] == 2000


def test_of_two_rounds_that_are_scheduled_at_once_for_one_time_one_is_refused(scene: Scene) -> None:
    drafts = [scene.draft(scene.topics(2), wait=24) for _ in range(4)]

    raised = at_once([partial(schedule, scene, round_id) for round_id in drafts])

    assert [type(error) for error in raised] == [AnotherIsOpen] * 3
    assert scene.count(Round, Round.scheduled) == 1


def test_a_scheduled_round_opens_at_its_instant_and_not_before(
    scene: Scene, settings: Settings
) -> None:
    round_id = scene.draft(scene.topics(2), wait=5)
    schedule(scene, round_id)
    scene.clock.set(scene.round(round_id).opens_at - timedelta(microseconds=1))
    work(scene, settings)
    assert scene.round(round_id).state == "draft"
    scene.clock.set(scene.round(round_id).opens_at)
    work(scene, settings)
    opened = scene.round(round_id)
    assert (opened.state, opened.opened_at) == ("open", opened.opens_at)
    assert acts(scene).count("round.opened") == 1


def test_a_draft_that_was_not_scheduled_does_not_open(scene: Scene, settings: Settings) -> None:
    round_id = scene.draft(scene.topics(2), wait=5)
    scene.clock.advance(hours=6)
    work(scene, settings)
    open_due(scene, round_id)
    assert scene.round(round_id).state == "draft"


def test_a_changed_date_makes_the_old_job_empty(scene: Scene, settings: Settings) -> None:
    topics = scene.topics(2)
    round_id = scene.draft(topics, wait=5)
    schedule(scene, round_id)
    later = planning.Plan(
        question={"en": "And now?"},
        opens_at=scene.now + timedelta(hours=9),
        closes_at=scene.now + timedelta(days=9),
        late_joiners=True,
        topics=topics,
    )
    scene.write(
        lambda session: planning.change(
            session, round_id, later, actor_id=scene.editor, now=scene.now
        )
    )
    schedule(scene, round_id)
    scene.clock.advance(hours=6)
    work(scene, settings)
    assert scene.round(round_id).state == "draft"
    scene.clock.advance(hours=3)
    work(scene, settings)
    assert scene.round(round_id).state == "open"


def test_two_workers_open_a_round_once(scene: Scene, settings: Settings) -> None:
    scene.patrons(3)
    round_id = scene.draft(scene.topics(2), wait=1)
    schedule(scene, round_id)
    scene.clock.advance(hours=1)
    both = jobs.Work(scene.db, settings, scene.clock, {})
    assert at_once([lambda: rounds_due(both, {})] * 4) == []
    assert scene.round(round_id).roll_frozen == 3
    assert acts(scene).count("round.opened") == 1


def test_a_round_that_follows_at_the_instant_opens_when_the_first_has_closed(
    scene: Scene, settings: Settings
) -> None:
    topics = scene.topics(4)
    first = scene.open_round(topics[:2], days=1)
    second = scene.draft(topics[2:], wait=24)
    schedule(scene, second)
    scene.clock.advance(days=1)
    work(scene, settings)
    assert (scene.round(first).state, scene.round(second).state) == ("closed", "open")


def test_one_round_at_a_time(scene: Scene) -> None:
    topics = scene.topics(4)
    first = scene.open_round(topics[:2])
    second = scene.draft(topics[2:], wait=24)
    with pytest.raises(AnotherIsOpen):
        schedule(scene, second)
    with pytest.raises(AnotherIsOpen):
        scene.open_round(topics[2:])
    scene.close(first)
    scene.open_round(topics[2:])


def test_no_round_opens_into_the_time_of_one_that_opens_by_itself(scene: Scene) -> None:
    topics = scene.topics(4)
    schedule(scene, scene.draft(topics[2:], wait=48))

    with pytest.raises(AnotherIsOpen):
        scene.open_round(topics[:2], days=3)
    scene.open_round(topics[:2], days=2)


def test_two_editors_open_two_rounds_and_one_of_them_hears_why_not(scene: Scene) -> None:
    topics = scene.topics(4)
    drafts = [scene.draft(topics[:2]), scene.draft(topics[2:])]

    def open_(round_id: int) -> None:
        with scene.db.transaction() as session:
            opening.open_now(session, round_id=round_id, actor_id=scene.editor, now=scene.now)

    raised = at_once([partial(open_, round_id) for round_id in drafts])
    assert [type(error) for error in raised] == [AnotherIsOpen]
    assert scene.count(Round, Round.state == "open") == 1


def test_a_topic_declined_meanwhile_leaves_the_draft_and_one_alone_is_no_round(
    scene: Scene,
) -> None:
    topics = scene.topics(3)
    round_id = scene.draft(topics, wait=1)
    schedule(scene, round_id)
    for topic in topics[:2]:
        decline(scene, topic)
    scene.clock.advance(hours=1)
    open_due(scene, round_id)
    left = scene.round(round_id)
    assert (left.state, left.scheduled) == ("draft", False)
    assert acts(scene)[-1] == "round.not_opened"
    assert status(scene, topics[2]) == "listed"


def test_a_round_whose_whole_time_passed_does_not_open(scene: Scene) -> None:
    round_id = scene.draft(scene.topics(2), wait=1, days=1)
    schedule(scene, round_id)
    scene.clock.advance(days=30)
    open_due(scene, round_id)
    assert (scene.round(round_id).state, scene.round(round_id).scheduled) == ("draft", False)


def test_a_plan_needs_listed_topics_and_dates_in_order(scene: Scene) -> None:
    topics = scene.topics(2)
    with scene.db.transaction() as session:
        declined = factories.make_topic(session, now=scene.now, status="declined")
    with pytest.raises(NotListed):
        scene.draft([*topics, declined])
    with pytest.raises(TooManyTopics):
        scene.draft(scene.topics(21))
    with pytest.raises(WrongDates):
        scene.draft(topics, days=0)
    with pytest.raises(TooFewTopics):
        schedule(scene, scene.draft(topics[:1], wait=1))
    with pytest.raises(WrongDates):
        schedule(scene, scene.draft(topics))


def test_an_open_round_is_no_draft_any_more(scene: Scene) -> None:
    topics = scene.topics(2)
    round_id = scene.open_round(topics)
    for verb in (planning.discard, planning.schedule, planning.unschedule):
        with pytest.raises(RoundNotDraft), scene.db.transaction() as session:
            verb(session, round_id=round_id, actor_id=scene.editor, now=scene.now)


def test_a_draft_can_be_thrown_away(scene: Scene) -> None:
    round_id = scene.draft(scene.topics(2))
    scene.write(
        lambda session: planning.discard(
            session, round_id=round_id, actor_id=scene.editor, now=scene.now
        )
    )
    assert scene.count(Round) == 0


def test_drafts_planned_at_once_have_numbers_of_their_own(scene: Scene) -> None:
    topics = scene.topics(2)
    assert at_once([lambda: scene.draft(topics)] * 4) == []
    with scene.db.reading() as session:
        assert sorted(session.scalars(sa.select(Round.number))) == [1, 2, 3, 4]
