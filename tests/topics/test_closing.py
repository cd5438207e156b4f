"""A round closes once: counted, published, and nobody's ballot is anybody's any more."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.core import audit, jobs
from app.core.db import Base
from app.core.settings import Settings
from app.topics import closing, planning, publishing
from app.topics.errors import AnotherIsOpen, ReasonMissing, RoundNotOpen, WrongDates
from app.topics.jobs import rounds_due
from app.topics.models import Ballot, RoundOption, Topic, TopicStep
from app.topics.queries import notices, own_ballot, result
from tests.topics.scene import Scene, at_once


def voted_round(scene: Scene, people: int = 8) -> tuple[int, list[int], dict[int, str]]:
    """A round with ballots; gives it, its topics, and each person's receipt."""
    patrons, topics = scene.patrons(people), scene.topics(3)
    round_id = scene.open_round(topics)
    receipts = {
        patron: scene.cast(round_id, patron, [t for t in topics if (number + 1) & (1 << t % 3)])
        for number, patron in enumerate(patrons)
    }
    return round_id, topics, {patron: saved.receipt for patron, saved in receipts.items()}


def marks(scene: Scene, round_id: int) -> dict[int, int | None]:
    with scene.db.reading() as session:
        options = sa.select(RoundOption).where(RoundOption.round_id == round_id)
        return {option.topic_id: option.marks for option in session.scalars(options)}


def test_closing_writes_the_count_into_the_options(scene: Scene) -> None:
    patrons, topics = scene.patrons(3), scene.topics(3)
    round_id = scene.open_round(topics)
    scene.cast(round_id, patrons[0], [topics[1]])
    scene.cast(round_id, patrons[1], [topics[1], topics[2]])
    scene.cast(round_id, patrons[2], [])
    scene.close(round_id)
    assert marks(scene, round_id) == {topics[0]: 0, topics[1]: 2, topics[2]: 1}
    closed = scene.round(round_id)
    assert (closed.counted, closed.blank, closed.winner_id) == (2, 1, topics[1])
    assert not closed.tie_broken


def test_the_winner_has_won_and_the_others_go_back_to_the_list(scene: Scene) -> None:
    patron, topics = scene.patron(), scene.topics(3)
    round_id = scene.open_round(topics)
    scene.cast(round_id, patron, [topics[2]])
    scene.close(round_id)
    with scene.db.reading() as session:
        found = {t.id: t.status for t in session.scalars(sa.select(Topic))}
        steps = sa.select(TopicStep.status).where(TopicStep.topic_id == topics[2])
        assert list(session.scalars(steps.order_by("id"))) == ["listed", "on_ballot", "won"]
    assert found == {topics[0]: "listed", topics[1]: "listed", topics[2]: "won"}


def test_between_equals_the_one_suggested_first_wins(scene: Scene) -> None:
    patron, topics = scene.patron(), scene.topics(3)
    round_id = scene.open_round(list(reversed(topics)))
    scene.cast(round_id, patron, topics[1:])
    scene.close(round_id)
    assert (scene.round(round_id).winner_id, scene.round(round_id).tie_broken) == (topics[1], True)


def test_a_round_without_a_mark_has_no_winner(scene: Scene) -> None:
    patron, topics = scene.patron(), scene.topics(2)
    round_id = scene.open_round(topics)
    scene.cast(round_id, patron, [])
    scene.close(round_id)
    closed = scene.round(round_id)
    assert (closed.winner_id, closed.counted, closed.blank) == (None, 0, 1)


def test_who_voted_for_the_first_time_is_counted(scene: Scene) -> None:
    patrons, topics = scene.patrons(3), scene.topics(4)
    first = scene.open_round(topics[:2])
    scene.cast(first, patrons[0], topics[:1])
    scene.close(first)
    second = scene.open_round(topics[2:])
    for patron in patrons[:2]:
        scene.cast(second, patron, topics[2:])
    scene.close(second)
    assert (scene.round(first).first_time, scene.round(second).first_time) == (1, 1)


def test_no_row_of_any_table_links_a_person_to_a_ballot(scene: Scene) -> None:
    """Whatever table has an account: none of its rows has a ballot's id or receipt."""
    round_id, _, receipts = voted_round(scene)
    scene.close(round_id)
    after = scene.ballots(round_id)
    assert {ballot.receipt for ballot in after} == set(receipts.values())
    assert {(b.account_id, b.cast_at, b.changes) for b in after} == {(None, None, 0)}
    codes = re.compile("|".join(receipts.values()))
    with scene.db.reading() as session:
        for table in Base.metadata.sorted_tables:
            if table.name != "ballot":
                rows = [str(row) for row in session.execute(sa.select(table))]
                assert not codes.search("\n".join(rows)), table.name
    assert all(own(scene, round_id, patron) is None for patron in receipts)


def own(scene: Scene, round_id: int, account_id: int) -> object:
    with scene.db.reading() as session:
        return own_ballot(session, round_id, account_id)


def test_the_order_of_the_rows_is_that_of_the_receipts(scene: Scene) -> None:
    round_id, _, receipts = voted_round(scene, people=20)
    cast_order = [ballot.receipt for ballot in scene.ballots(round_id)]
    scene.close(round_id)
    kept_order = [ballot.receipt for ballot in scene.ballots(round_id)]
    assert cast_order == list(receipts.values())
    assert kept_order == sorted(cast_order) != cast_order


def test_the_stored_count_is_what_the_kept_ballots_give(scene: Scene) -> None:
    round_id, topics, _ = voted_round(scene)
    scene.close(round_id)
    with scene.db.reading() as session:
        head, *lines = publishing.csv(session, round_id)
    columns = [int(name.removeprefix("topic-")) for name in head.strip().split(",")[1:-1]]
    ticks = [line.strip().split(",")[1:-1] for line in lines]
    counted = {t: sum(row[i] == "1" for row in ticks) for i, t in enumerate(columns)}
    assert columns == topics
    assert counted == marks(scene, round_id)


def test_two_workers_close_a_round_once(scene: Scene, settings: Settings) -> None:
    round_id, _, receipts = voted_round(scene)
    scene.clock.set(scene.round(round_id).closes_at)
    both = jobs.Work(scene.db, settings, scene.clock, {})
    assert at_once([lambda: rounds_due(both, {})] * 4) == []
    assert scene.count(Ballot, Ballot.round_id == round_id) == len(receipts)
    closes = audit.AuditEntry.action == "round.closed"
    assert scene.count(audit.AuditEntry, closes) == 1


def test_the_worker_closes_at_the_instant(scene: Scene, settings: Settings) -> None:
    round_id, *_ = voted_round(scene, people=1)
    worker = jobs.Work(scene.db, settings, scene.clock, {})
    end = scene.round(round_id).closes_at
    scene.clock.set(end - timedelta(microseconds=1))
    jobs.run_due(worker)
    assert scene.round(round_id).state == "open"
    scene.clock.set(end)
    jobs.run_due(worker)
    assert (scene.round(round_id).state, scene.round(round_id).closed_at) == ("closed", end)


def test_an_extension_is_public_and_moves_the_end(scene: Scene, settings: Settings) -> None:
    patron, topics = scene.patron(), scene.topics(2)
    round_id = scene.open_round(topics)
    end = scene.round(round_id).closes_at

    def extend(days: int, note: dict[str, str]) -> None:
        with scene.db.transaction() as session:
            closing.extend(
                session, round_id=round_id, closes_at=end + timedelta(days=days), note=note,
                actor_id=scene.editor, now=scene.now,
            )  # fmt: skip

    with pytest.raises(ReasonMissing):
        extend(2, {"en": ""})
    for shorter in (0, -1):
        with pytest.raises(WrongDates):
            extend(shorter, {"en": "No."})
    extend(2, {"en": "The site was down on Friday."})
    scene.clock.set(end)
    jobs.run_due(jobs.Work(scene.db, settings, scene.clock, {}))
    scene.cast(round_id, patron, topics)
    with scene.db.reading() as session:
        (told,) = notices(session, round_id)
    assert (told.kind, told.note) == ("extended", "The site was down on Friday.")
    assert (told.closed_before, told.closes_after) == (end, end + timedelta(days=2))


def test_a_round_that_has_ended_is_not_extended_even_where_it_is_not_yet_closed(
    scene: Scene,
) -> None:
    round_id = scene.open_round(scene.topics(2))
    scene.clock.set(scene.round(round_id).closes_at)
    with pytest.raises(RoundNotOpen), scene.db.transaction() as session:
        closing.extend(
            session, round_id=round_id, closes_at=scene.now + timedelta(days=1),
            note={"en": "Late."}, actor_id=scene.editor, now=scene.now,
        )  # fmt: skip


def test_an_extension_may_not_run_into_the_next_round(scene: Scene) -> None:
    topics = scene.topics(4)
    round_id = scene.open_round(topics[:2], days=1)
    following = scene.draft(topics[2:], wait=24)
    with scene.db.transaction() as session:
        planning.schedule(session, round_id=following, actor_id=scene.editor, now=scene.now)
    with pytest.raises(AnotherIsOpen), scene.db.transaction() as session:
        closing.extend(
            session, round_id=round_id, closes_at=scene.now + timedelta(days=2),
            note={"en": "More time."}, actor_id=scene.editor, now=scene.now,
        )  # fmt: skip


def test_closing_early_needs_a_public_reason_and_happens_once(scene: Scene) -> None:
    round_id, *_ = voted_round(scene, people=2)
    scene.clock.advance(hours=1)

    def close(note: dict[str, str]) -> bool:
        with scene.db.transaction() as session:
            return closing.close_now(
                session, round_id=round_id, note=note, actor_id=scene.editor, now=scene.now
            )

    with pytest.raises(ReasonMissing):
        close({})
    assert scene.round(round_id).state == "open"
    assert close({"en": "A topic was published elsewhere."})
    assert scene.round(round_id).closes_at == scene.now
    assert not close({"en": "Again."})


def test_nobody_gets_a_result_before_closing(scene: Scene) -> None:
    round_id, *_ = voted_round(scene)
    with scene.db.reading() as session:
        assert result(session, round_id) is None
    scene.close(round_id)
    with scene.db.reading() as session:
        found = result(session, round_id)
    assert found is not None
    assert sum(option.winner for option in found.results) == 1
    assert found.results[0].marks == max(option.marks for option in found.results)


def test_every_opening_and_closing_is_on_the_unbroken_audit_log(scene: Scene) -> None:
    round_id, *_ = voted_round(scene, people=1)
    scene.close(round_id)
    with scene.db.reading() as session:
        entries = sa.select(audit.AuditEntry).order_by("id")
        acts = [(e.action, e.actor_id) for e in session.scalars(entries)]
        assert audit.first_broken(session) is None
    assert acts == [
        ("round.planned", scene.editor),
        ("round.opened", scene.editor),
        ("round.closed", None),
    ]
