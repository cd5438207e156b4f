"""Lists, suggestions and the story ledger, as a browser without a script meets them."""

from __future__ import annotations

import re
from collections.abc import Callable

import sqlalchemy as sa
from werkzeug.test import TestResponse

from app.topics import moderating
from app.topics.models import Topic, TopicFollow
from tests import factories
from tests.reading import Reader
from tests.topics.scene import Scene

Visit = Callable[[int | None], Reader]
SUGGEST = "/topics/suggest"
GOOD = {
    "title": "Who cleans the beaches?",
    "text": "Nobody knows, and it costs money.",
    "email": "reader@example.org",
}


def suggested(scene: Scene) -> list[Topic]:
    with scene.db.reading() as session:
        return list(session.scalars(sa.select(Topic).order_by(Topic.id)))


def send(reader: Reader, data: dict[str, str], page: str = SUGGEST) -> TestResponse:
    """Send the form as the page has it, with its hidden fields, and what was typed."""
    text = reader.get(page).text
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text))
    return reader.post(SUGGEST, data={**hidden, **data}, follow_redirects=True)


def test_anyone_suggests_and_nobody_reads_it_before_an_editor(scene: Scene, visit: Visit) -> None:
    reader = visit(None)
    answer = send(reader, GOOD, f"{SUGGEST}?article=/2026/06/sea")
    assert "An editor reads it before it stands here" in answer.text
    (topic,) = suggested(scene)
    assert (topic.status, topic.article) == ("received", "/2026/06/sea")
    assert topic.proposer_email == "reader@example.org"
    assert "beaches" not in reader.get("/topics").text
    assert reader.get(f"/topics/{topic.id}").status_code == 404
    assert visit(scene.editor).get(f"/topics/{topic.id}").status_code == 200


def test_whoever_is_signed_in_is_not_asked_for_an_address(scene: Scene, visit: Visit) -> None:
    patron = scene.patron()
    reader = visit(patron)
    assert 'name="email"' not in reader.get(SUGGEST).text
    send(reader, {"title": GOOD["title"], "text": GOOD["text"]})
    (topic,) = suggested(scene)
    assert (topic.proposer_id, topic.proposer_email) == (patron, None)
    assert reader.get(f"/topics/{topic.id}").status_code == 200


def test_similar_topics_are_shown_before_it_is_kept(scene: Scene, visit: Visit) -> None:
    with scene.db.transaction() as session:
        factories.make_topic(session, now=scene.now, title="Who cleans the beaches")
    reader = visit(None)
    first = send(reader, GOOD)
    assert "Is it one of these?" in first.text
    assert 'value="Who cleans the beaches?"' in first.text
    assert len(suggested(scene)) == 1
    send(reader, {**GOOD, "sure": "1"})
    assert len(suggested(scene)) == 2


def test_the_same_form_sent_twice_is_one_topic(scene: Scene, visit: Visit) -> None:
    reader = visit(None)
    text = reader.get(SUGGEST).text
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text))
    for _ in range(3):
        assert reader.post(SUGGEST, data={**hidden, **GOOD, "sure": "1"}).status_code == 303
    assert len(suggested(scene)) == 1


def test_a_robot_is_thanked_and_nothing_is_kept(scene: Scene, visit: Visit) -> None:
    answer = send(visit(None), {**GOOD, "website": "https://spam.example"})
    assert "Thank you" in answer.text
    assert suggested(scene) == []


BAD = [
    ("title", "", "has to be filled in"),
    ("title", "   ", "has to be filled in"),
    ("title", "x" * 141, "Shorten it to 140"),
    ("title", "a\x00b", "invisible character"),
    ("text", "x" * 5001, "Shorten it to 5000"),
    ("text", "a\x00b", "invisible character"),
    ("email", "", "Write your e-mail address"),
    ("email", "nobody", "no e-mail address"),
    ("email", "ёж@example.org", "before the @"),
]


def test_what_cannot_be_kept_comes_back_with_a_word_beside_it(scene: Scene, visit: Visit) -> None:
    reader = visit(None)
    for field, value, said in BAD:
        answer = send(reader, {**GOOD, field: value})
        assert answer.status_code == 422, (field, value)
        assert said in answer.text
        assert GOOD["text" if field == "title" else "title"] in answer.text
    assert suggested(scene) == []


def test_one_person_suggests_ten_times_a_day_at_most(scene: Scene, visit: Visit) -> None:
    reader = visit(None)
    answers = [
        send(reader, {**GOOD, "title": f"Topic of mine {n}", "sure": "1"}) for n in range(11)
    ]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert len(suggested(scene)) == 10
    assert int(answers[-1].headers["Retry-After"]) > 0
    for typed in ("Topic of mine 10", GOOD["text"], GOOD["email"]):
        assert typed in answers[-1].text


def test_a_household_of_the_new_internet_protocol_suggests_thirty_times_an_hour_at_most(
    scene: Scene, visit: Visit
) -> None:
    reader, answers = visit(None), []
    for number in range(31):
        reader.environ_base["REMOTE_ADDR"] = f"2001:db8:1:2::{number + 1:x}"
        by = {"email": f"p{number}@example.org", "title": f"Topic {number}"}
        answers.append(send(reader, {**GOOD, **by, "sure": "1"}).status_code)
    assert answers == [200] * 30 + [429]
    reader.environ_base["REMOTE_ADDR"] = "2001:db8:1:3::1"
    assert send(reader, {**GOOD, "email": "far@example.org", "sure": "1"}).status_code == 200
    assert len(suggested(scene)) == 31


def test_the_list_is_in_the_readers_language_else_the_original_marked(
    scene: Scene, visit: Visit
) -> None:
    topics = scene.topics(2, title="Brown water", language="en")
    words = {
        "en": moderating.Wording("Brown water", "Diaries."),
        "uk": moderating.Wording("Руда вода", "Щоденники."),
    }
    with scene.db.transaction() as session:
        moderating.edit(
            session, topic_id=topics[0], words=words, weeks=None, proposer_name=None,
            actor_id=scene.editor, now=scene.now,
        )  # fmt: skip
    page = visit(None).get("/topics?lang=uk").text
    assert "Руда вода" in page
    assert '<h3 lang="en">' in page
    assert page.count('lang="en"><a href="/topics/') == 1


def test_the_list_goes_on_in_pages(scene: Scene, visit: Visit) -> None:
    topics = scene.topics(45)
    seen: list[int] = []
    address: str | None = "/topics"
    while address:
        page = visit(None).get(address).text
        seen += [int(found) for found in re.findall(r'<a href="/topics/(\d+)">', page)]
        older = re.search(r'href="(/topics\?after=\d+)">', page)
        address = older[1] if older else None
    assert seen == sorted(topics, reverse=True)


def test_a_declined_topic_stands_with_its_reason(scene: Scene, visit: Visit) -> None:
    (topic,) = scene.topics(1, status="declined", title="Dogs of the zone")
    assert "Because." in visit(None).get("/topics").text
    assert "Because." in visit(None).get(f"/topics/{topic}").text


def test_a_topic_that_is_not_there_is_a_page_that_is_not_there(scene: Scene, visit: Visit) -> None:
    reader = visit(None)
    for number in ("0", "99", str(2**63), "9" * 40, "x", "-1"):
        assert reader.get(f"/topics/{number}").status_code == 404


def test_whoever_is_signed_in_asks_to_be_written_to_and_takes_it_back(
    scene: Scene, visit: Visit
) -> None:
    patron = scene.patron()
    (topic,) = scene.topics(1)
    reader = visit(patron)
    page = f"/topics/{topic}"
    for stop, kept in (("", 1), ("", 1), ("1", 0)):
        reader.submit(f"{page}/follow", {"stop": stop}, at=page)
        assert scene.count(TopicFollow) == kept
    scene.write(lambda session: session.execute(sa.update(Topic).values(hidden=True)))
    for hidden_or_none in (topic, 404):
        address = f"/topics/{hidden_or_none}/follow"
        assert reader.submit(address, at="/topics/suggest").status_code == 404
    assert scene.count(TopicFollow) == 0


def test_every_winner_stands_in_the_ledger_with_its_story_or_why_not(
    scene: Scene, visit: Visit
) -> None:
    patron, reader = scene.patron(), visit(None)
    assert "No round has closed yet" in reader.get("/stories").text
    for title, to, note in (
        ("Brown water", "published", "We asked in 63 pharmacies."),
        ("Night buses", "declined", "The depot burned down."),
        ("Ambulances", "", ""),
    ):
        topics = [*scene.topics(1, title=title), *scene.topics(1)]
        round_id = scene.open_round(topics)
        scene.cast(round_id, patron, topics[:1])
        scene.close(round_id)
        scene.clock.advance(days=38)
        if to:
            with scene.db.transaction() as session:
                moderating.move(
                    session, topic_id=topics[0], to=to, note=note, actor_id=scene.editor,
                    story_url="https://example.org/story", now=scene.now,
                )  # fmt: skip
    page = reader.get("/stories").text
    assert "Published after 38 days" in page
    assert 'href="https://example.org/story"' in page
    assert "The depot burned down." in page
    assert "38 days since it was chosen" in page
    assert page.index("Ambulances") < page.index("Night buses") < page.index("Brown water")
