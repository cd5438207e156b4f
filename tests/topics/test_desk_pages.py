"""The editors' pages: who may come in, what may be done there, and that no ballot is shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import pytest
import sqlalchemy as sa

from app.core import audit
from app.topics.models import Round, Topic, TopicStep, TopicText
from tests import factories
from tests.reading import TOKEN, Reader, resent
from tests.topics.scene import Scene, at_once

Visit = Callable[[int | None], Reader]
PAGES = ["/admin/topics", "/admin/topics/new", "/admin/rounds", "/admin/rounds/new"]
NEW = "/admin/rounds/new"


def staff(scene: Scene, role: str) -> int:
    with scene.db.transaction() as session:
        return factories.make_staff(session, now=scene.now, role=role)


def draft(topics: list[int], **about: str) -> dict[str, object]:
    return {
        "question_en": "What should we look into next?",
        "question_uk": "Що нам дослідити далі?",
        "opens_at": "2026-06-20T10:00",
        "closes_at": "2026-06-27T20:00",
        "starts_on": "2026-07-01",
        "late_joiners": "1",
        "topics": [str(topic) for topic in topics],
        **about,
    }


def only_round(scene: Scene) -> Round:
    with scene.db.reading() as session:
        return session.scalars(sa.select(Round)).one()


@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("editor", 200), ("finance", 403)])
def test_editors_and_admins_come_in_and_finance_does_not(
    scene: Scene, visit: Visit, role: str, status: int
) -> None:
    (topic,) = scene.topics(1)
    round_id = scene.draft([topic])
    reader = visit(staff(scene, role))
    pages = [*PAGES, f"/admin/topics/{topic}", f"/admin/rounds/{round_id}"]
    assert {page: reader.get(page).status_code for page in pages} == dict.fromkeys(pages, status)


def test_patrons_and_strangers_do_not_come_in(scene: Scene, visit: Visit) -> None:
    for page in PAGES:
        assert visit(scene.patron()).get(page).status_code == 403
        assert visit(None).get(page).location.startswith("/sign-in")


def test_a_suggestion_is_listed_in_both_languages_and_audited(scene: Scene, visit: Visit) -> None:
    (topic_id,) = scene.topics(1, status="received", title="watre is brown")
    reader, page = visit(scene.editor), f"/admin/topics/{topic_id}"
    words = {
        "title_en": "Brown water", "text_en": "Residents keep a diary.",
        "title_uk": "Руда вода", "text_uk": "Мешканці ведуть щоденник.",
        "weeks": "3", "proposer_name": "Viktor S.",
    }  # fmt: skip
    assert reader.submit(f"{page}/words", words, at=page).status_code == 303
    assert reader.submit(f"{page}/move", {"to": "listed"}, at=page).status_code == 303
    listed = visit(None).get("/topics?lang=en").text
    assert "Brown water" in listed
    assert "Suggested by Viktor S., takes about 3 weeks" in listed
    assert "watre is brown" in reader.get(page).text
    assert scene.count(TopicText) == 1
    with scene.db.reading() as session:
        acts = session.scalars(sa.select(audit.AuditEntry.action).order_by("id")).all()
    assert acts == ["topic.edited", "topic.moved"]


def test_a_move_that_lacks_something_comes_back_with_a_word(scene: Scene, visit: Visit) -> None:
    (topic_id,) = scene.topics(1, status="won")
    reader, page = visit(scene.editor), f"/admin/topics/{topic_id}"
    for data, said in (
        ({"to": "declined"}, "Readers see why"),
        ({"to": "published"}, "whole address"),
        ({"to": "published", "story_url": "javascript:alert(1)"}, "whole address"),
        ({"to": "published", "story_url": "http://[bad"}, "whole address"),
        ({}, "Choose where it goes"),
    ):
        answer = reader.submit(f"{page}/move", data, at=page)
        assert answer.status_code == 422
        assert said in answer.text


def test_weeks_are_a_small_whole_number(scene: Scene, visit: Visit) -> None:
    (topic_id,) = scene.topics(1)
    reader, page = visit(scene.editor), f"/admin/topics/{topic_id}"
    for weeks in ("0", "105", "x", "-1", "1.5", "٣", "9" * 30):
        data = {"title_en": "Brown water", "weeks": weeks}
        assert reader.submit(f"{page}/words", data, at=page).status_code == 422, weeks


def test_a_topic_keeps_a_title_in_its_own_language(scene: Scene, visit: Visit) -> None:
    (topic_id,) = scene.topics(1, language="uk")
    page = f"/admin/topics/{topic_id}"
    answer = visit(scene.editor).submit(f"{page}/words", {"title_en": "Water"}, at=page)
    assert answer.status_code == 422


def test_the_newsroom_adds_a_topic_and_hides_spam(scene: Scene, visit: Visit) -> None:
    reader = visit(scene.editor)
    reader.submit("/admin/topics/new", {"title": "Школи під землею", "text": "Які чекають."})
    with scene.db.reading() as session:
        topic = session.scalars(sa.select(Topic)).one()
    assert (topic.language, topic.by_newsroom, topic.status) == ("uk", True, "listed")
    page = f"/admin/topics/{topic.id}"
    for hidden, status in (("1", 404), ("0", 200)):
        reader.submit(f"{page}/hide", {"hidden": hidden}, at=page)
        assert visit(None).get(f"/topics/{topic.id}").status_code == status


def test_a_round_is_planned_scheduled_changed_and_opened(scene: Scene, visit: Visit) -> None:
    topics, reader = scene.topics(3), visit(scene.editor)
    assert reader.submit(NEW, draft(topics)).status_code == 303
    planned = only_round(scene)
    page = f"/admin/rounds/{planned.id}"
    assert planned.opens_at == datetime(2026, 6, 20, 7, 0, tzinfo=UTC)
    assert planned.closes_at == datetime(2026, 6, 27, 17, 0, tzinfo=UTC)
    reader.submit(f"{page}/schedule", at=page)
    assert only_round(scene).scheduled
    assert reader.submit(page, draft(topics[:2], late_joiners="")).status_code == 303
    changed = only_round(scene)
    assert (changed.scheduled, changed.late_joiners) == (False, False)
    shown = reader.get(page).text
    assert 'value="2026-06-20T10:00"' in shown
    assert shown.count('name="topics"') == 3
    assert len(re.findall(r'name="topics" value="\d+" checked', shown)) == 2
    reader.submit(f"{page}/open", at=page)
    assert only_round(scene).state == "open"


def test_a_draft_that_cannot_be_comes_back_with_a_word(scene: Scene, visit: Visit) -> None:
    reader, topics = visit(scene.editor), scene.topics(2)
    for about, said in (
        ({"opens_at": ""}, "Write a day and a time"),
        ({"opens_at": "2026-02-30T10:00"}, "Write a day and a time"),
        ({"opens_at": "9999-12-31T23:59"}, "A round closes after it opens"),
        ({"opens_at": "0001-01-01T00:00"}, "Write a day and a time"),
        ({"closes_at": "2026-06-20T10:00"}, "A round closes after it opens"),
        ({"opens_at": "2027-03-28T03:30"}, "that time does not exist"),
        ({"question_en": "", "question_uk": ""}, "at least one language"),
        ({"starts_on": "1 July"}, "Write a day, like"),
    ):
        answer = reader.submit(NEW, draft(topics, **about))
        assert answer.status_code == 422
        assert said in answer.text
    assert scene.count(Round) == 0


def test_a_foreign_topic_and_a_number_past_everything_are_refused(
    scene: Scene, visit: Visit
) -> None:
    reader = visit(scene.editor)
    for topic in (2**63, 2**62, 0):
        assert reader.submit(NEW, draft([topic])).status_code == 422


def test_an_extension_and_an_early_end_are_told_to_everyone(scene: Scene, visit: Visit) -> None:
    topics, reader = scene.topics(2), visit(scene.editor)
    round_id = scene.open_round(topics)
    page = f"/admin/rounds/{round_id}"
    later = {"closes_at": "2026-06-30T20:00", "note": ""}
    assert reader.submit(f"{page}/extend", later, at=page).status_code == 422
    later["note"] = "The site was down on Friday."
    assert reader.submit(f"{page}/extend", later, at=page).status_code == 303
    assert "The site was down on Friday." in visit(None).get(f"/rounds/{round_id}").text
    assert reader.submit(f"{page}/close", at=page).status_code == 422
    early = {"early-note": "Стаття вже вийшла."}
    assert reader.submit(f"{page}/close", early, at=page).status_code == 303
    assert only_round(scene).state == "closed"
    assert "Стаття вже вийшла." in visit(None).get(f"/rounds/{round_id}/result").text


def test_no_act_on_a_round_works_for_finance(scene: Scene, visit: Visit) -> None:
    round_id = scene.draft(scene.topics(2))
    reader = visit(staff(scene, "finance"))
    for act in ("", "/open", "/schedule", "/unschedule", "/discard", "/extend", "/close"):
        answer = reader.submit(f"/admin/rounds/{round_id}{act}", at="/topics/suggest")
        assert answer.status_code == 403
    assert only_round(scene).state == "draft"


def test_a_draft_with_too_many_topics_says_so_and_keeps_all_that_was_decided(
    scene: Scene, visit: Visit
) -> None:
    reader, topics = visit(scene.editor), scene.topics(21)
    answer = reader.submit(NEW, draft(topics))
    assert answer.status_code == 422
    assert "A round has twenty topics at most" in answer.text
    assert "What should we look into next?" in answer.text
    assert ticked(answer.text) == topics
    reader.submit(NEW, draft(topics[:20]))
    page = f"/admin/rounds/{only_round(scene).id}"
    answer = reader.submit(page, draft(topics, question_en="Which one?"))
    assert (answer.status_code, ticked(answer.text)) == (422, topics)
    assert "Which one?" in answer.text


def test_a_topic_that_left_the_list_meanwhile_is_named_beside_the_others(
    scene: Scene, visit: Visit
) -> None:
    topics = scene.topics(2)
    (gone,) = scene.topics(1, status="declined")
    answer = visit(scene.editor).submit(NEW, draft([*topics, gone]))
    assert answer.status_code == 422
    assert "does not wait for a round any more" in answer.text
    assert ticked(answer.text) == topics


def test_an_end_that_is_not_later_keeps_the_public_note(scene: Scene, visit: Visit) -> None:
    round_id = scene.open_round(scene.topics(2))
    page, ends = f"/admin/rounds/{round_id}", scene.round(round_id).closes_at
    late = {"closes_at": "2020-01-01T10:00", "note": "Because of the storm."}
    answer = visit(scene.editor).submit(f"{page}/extend", late, at=page)
    assert answer.status_code == 422
    assert "The new end has to be later" in answer.text
    assert "Because of the storm." in answer.text
    assert scene.round(round_id).closes_at == ends


def test_a_topic_that_somebody_else_moved_keeps_the_note(scene: Scene, visit: Visit) -> None:
    (topic_id,) = scene.topics(1, status="declined")
    page = f"/admin/topics/{topic_id}"
    move = {"to": "hold", "note": "We wait for the court."}
    answer = visit(scene.editor).submit(f"{page}/move", move, at=page)
    assert answer.status_code == 409
    assert "cannot go there" in answer.text
    assert "We wait for the court." in answer.text


def test_two_editors_at_once_write_over_nobody_unseen(scene: Scene, visit: Visit) -> None:
    topics = scene.topics(2)
    topic, round_ = f"/admin/topics/{topics[0]}", f"/admin/rounds/{scene.draft(topics)}"
    text = "/admin/settings/texts/terms"
    forms: list[tuple[str, str, Callable[[str], dict[str, object]]]] = [
        (topic, f"{topic}/words", lambda said: {"title_en": said, "weeks": "4"}),
        (round_, round_, lambda said: draft(topics, question_en=said)),
        (text, text, lambda said: {"en": said, "uk": "Умови"}),
    ]
    for page, path, words in forms:
        mine, theirs = visit(scene.editor), visit(scene.editor)
        opened = mine.get(page)
        token = TOKEN.findall(opened.text)[0]

        for _click in range(2):
            sent = words("What they wrote") | {"seen": dict(resent(opened))["seen"]}
            assert theirs.submit(path, sent, at=page).status_code == 303, path
        sent = words("What I wrote") | {"csrf_token": token}
        late = mine.post(path, data=sent | {"seen": dict(resent(opened))["seen"]})
        assert late.status_code == 422, path
        assert "Somebody saved something else here" in late.text
        assert "What I wrote" in late.text
        assert "What they wrote" in theirs.get(page).text
        again = mine.post(path, data=sent | {"seen": dict(resent(late))["seen"]})
        assert again.status_code == 303
        assert "What I wrote" in theirs.get(page).text


def test_what_is_done_to_a_round_twice_is_said_to_be_so_already(scene: Scene, visit: Visit) -> None:
    round_id = scene.draft(scene.topics(2))
    reader, page = visit(scene.editor), f"/admin/rounds/{round_id}"
    later = {"closes_at": "2026-12-30T20:00", "note": "The site was down."}
    for act, data, said in (
        ("open", {}, "It is open already."),
        ("extend", later, "It ends at that time already."),
        ("close", {"early-note": "It is out."}, "It is closed already."),
    ):
        for again in (False, True):
            answer = reader.submit(f"{page}/{act}", data, at="/topics/suggest")
            assert (answer.status_code, answer.location) == (303, page), act
            assert (said in reader.get(page).text) == again, act
    other = f"/admin/rounds/{scene.draft(scene.topics(2))}/discard"
    for _ in range(2):
        assert reader.submit(other, at="/topics/suggest").location == "/admin/rounds"
    with scene.db.reading() as session:
        acts = session.scalars(sa.select(audit.AuditEntry.action).order_by("id")).all()
    done = [act for act in acts if act != "round.planned"]
    assert done == ["round.opened", "round.extended", "round.closed", "round.discarded"]


def test_another_end_at_the_same_time_keeps_its_note(scene: Scene, visit: Visit) -> None:
    round_id = scene.open_round(scene.topics(2))
    reader, page = visit(scene.editor), f"/admin/rounds/{round_id}"
    later = {"closes_at": "2026-12-30T20:00", "note": "The site was down."}
    assert reader.submit(f"{page}/extend", later, at=page).status_code == 303
    other = reader.submit(f"{page}/extend", later | {"note": "Many asked."}, at=page)
    assert (other.status_code, "Many asked." in other.text) == (422, True)


def test_a_topic_moved_twice_takes_one_step(scene: Scene, visit: Visit) -> None:
    (topic_id,) = scene.topics(1, status="won")
    reader, page = visit(scene.editor), f"/admin/topics/{topic_id}"
    story = {"to": "published", "note": "Read it.", "story_url": "https://example.org/a"}
    for move in (story, {"to": "reporting", "note": "There is more."}):
        steps = scene.count(TopicStep)
        for _ in range(2):
            assert reader.submit(f"{page}/move", move, at=page).status_code == 303
        assert "It stands there already." in reader.get(page).text
        assert scene.count(TopicStep) == steps + 1


@pytest.mark.parametrize("clicks", [2, 4])
def test_a_double_click_makes_one_topic_and_one_draft(
    scene: Scene, visit: Visit, clicks: int
) -> None:
    reader, topics = visit(scene.editor), scene.topics(3)
    for path, data in (
        ("/admin/topics/new", {"title": "Who pays?", "text": "People ask."}),
        (NEW, draft(topics)),
    ):
        form = {"form_key": key_on(reader, path), **data}
        answers = [reader.submit(path, form) for _ in range(clicks)]
        assert [answer.status_code for answer in answers] == [303] * clicks
        assert len({answer.location for answer in answers}) == 1
    assert scene.count(Topic, Topic.title == "Who pays?") == 1
    assert scene.count(Round) == 1
    with scene.db.reading() as session:
        acts = session.scalars(sa.select(audit.AuditEntry.action)).all()
    assert sorted(acts) == ["round.planned", "topic.added"]


def test_clicks_at_the_same_moment_make_one_topic_and_one_draft(scene: Scene, visit: Visit) -> None:
    topics = scene.topics(3)
    for path, data in (("/admin/topics/new", {"title": "Who pays?"}), (NEW, draft(topics))):
        form = {"form_key": key_on(visit(scene.editor), path), **data}
        readers = [visit(scene.editor) for _ in range(4)]
        codes: list[int] = []
        assert at_once([partial(send, reader, path, form, codes) for reader in readers]) == []
        assert codes == [303] * 4
    assert scene.count(Topic, Topic.title == "Who pays?") == 1
    assert scene.count(Round) == 1


def test_who_goes_back_and_writes_something_else_makes_another(scene: Scene, visit: Visit) -> None:
    reader, path = visit(scene.editor), "/admin/topics/new"
    key = key_on(reader, path)
    for title in ("Who pays?", "Who profits?"):
        reader.submit(path, {"form_key": key, "title": title})
    assert scene.count(Topic) == 2


def send(reader: Reader, path: str, form: dict[str, object], codes: list[int]) -> None:
    codes.append(reader.submit(path, form).status_code)


def key_on(reader: Reader, path: str) -> str:
    found = re.search(r'name="form_key" value="(\w+)"', reader.get(path).text)
    assert found
    return found[1]


def ticked(html: str) -> list[int]:
    return [int(topic) for topic in re.findall(r'name="topics" value="(\d+)" checked', html)]
