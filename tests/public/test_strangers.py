"""Strangers are served what was rendered for another: never stale, never somebody's, never twice.

Everywhere else in the tests pages are kept too, so all of them say that what was written is seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from flask import template_rendered

from app.core.db import Database
from app.core.web import alike, strangers
from app.core.web.alike import of_endpoint
from app.membership.forms import JoinForm
from app.newsroom import writing
from app.newsroom.models import Newsroom
from app.topics.models import Topic
from tests.membership.counter import ANN, Counter
from tests.membership.paper import fields
from tests.topics.scene import Scene, at_once

if TYPE_CHECKING:
    from flask import Flask

NEW_FOR_EVERYONE = re.compile(r'name="(csrf_token|form_key)" value="([^"]+)"')


@pytest.fixture
def rendered(app: Flask) -> Iterator[list[str]]:
    """The names of the templates that are rendered."""
    seen: list[str] = []

    def note(_app: Flask, template: Any, **_rest: Any) -> None:
        seen.append(template.name)

    with template_rendered.connected_to(note, app):
        yield seen


@pytest.fixture
def scene(counter: Counter) -> Scene:
    return Scene(counter.db, counter.clock)


def rename(db: Database, name: str) -> None:
    with db.transaction() as session:
        session.execute(sa.update(Newsroom).values(name=name))


def addresses(app: Flask, values: dict[str, int]) -> list[str]:
    """Every page that strangers see alike."""
    adapter = app.url_map.bind("localhost")
    return [
        adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments})
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and of_endpoint(app, rule.endpoint)
    ]


def test_a_page_is_rendered_once_for_all_strangers(counter: Counter, rendered: list[str]) -> None:
    pages = {counter.reader().get("/").text for _ in range(5)}

    assert len(pages) == 1
    assert rendered == ["public/front.html"]


def test_twenty_who_come_at_once_wait_for_one_rendering(
    counter: Counter, rendered: list[str]
) -> None:
    pages: list[str] = []

    def visit() -> None:
        pages.append(counter.reader().get("/topics").text)

    assert at_once([visit] * 20) == []
    assert len(pages) == 20
    assert len(set(pages)) == 1
    assert rendered == ["topics/index.html"]


def test_what_any_process_writes_is_on_the_next_page(counter: Counter) -> None:
    other_process = Database(counter.db.url.render_as_string(hide_password=False))
    for number in range(5):
        rename(other_process if number % 2 else counter.db, f"Newsroom {number}")
        assert f"Newsroom {number}" in counter.reader().get("/").text
    other_process.dispose()


def test_a_change_that_is_taken_back_changes_nothing(counter: Counter) -> None:
    before = counter.reader().get("/").text
    with counter.db.transaction() as session:
        session.execute(sa.update(Newsroom).values(name="Never"))
        session.rollback()

    assert counter.reader().get("/").text == before


def test_at_a_rounds_end_no_page_of_before_is_left(counter: Counter, scene: Scene) -> None:
    round_id = scene.open_round(scene.topics(2))
    end = scene.round(round_id).closes_at
    with counter.db.transaction() as session:  # let nothing be due then, so that nobody writes
        session.execute(sa.text("DELETE FROM job"))
    counter.clock.set(end - timedelta(seconds=1))
    before = counter.reader().get(f"/rounds/{round_id}").text
    counter.clock.set(end)

    assert counter.reader().get(f"/rounds/{round_id}").text != before


def test_no_page_is_older_than_some_seconds(counter: Counter, rendered: list[str]) -> None:
    for _ in range(3):
        counter.reader().get("/stories")
        counter.clock.advance(seconds=strangers.HOLDS)

    assert len(rendered) == 3


def test_who_is_signed_in_gets_a_page_of_their_own_and_strangers_never_that(
    counter: Counter, scene: Scene
) -> None:
    patron = counter.signed_in()
    paths = addresses(counter.app, {"round_id": scene.open_round(scene.topics(2)), "topic_id": 1})
    for path in paths:
        strangers_page = counter.reader().get(path).text
        own = patron.get(path).text
        again = counter.reader().get(path).text
        if "<nav" in own:
            assert ">Account<" in own, path
            assert ">Account<" not in strangers_page + again, path
        assert ANN not in strangers_page + again, path


def test_a_prefilled_address_is_nobody_elses(counter: Counter) -> None:
    assert ANN in counter.reader().get(f"/join?email={ANN}").text
    assert ANN not in counter.reader().get("/join").text
    assert "bo@example.org" in counter.reader().get("/join?email=bo@example.org").text


def test_everyone_gets_tokens_and_keys_of_their_own_and_all_else_alike(
    counter: Counter, scene: Scene
) -> None:
    values = {"round_id": scene.open_round(scene.topics(2)), "topic_id": 1}
    for path in addresses(counter.app, values):
        answers = [counter.reader().get(path) for _ in range(4)]
        new = [dict(NEW_FOR_EVERYONE.findall(answer.text)) for answer in answers]
        for name in new[0]:
            assert len({mine[name] for mine in new}) == 4, f"{path} gives its {name} to several"
        assert len({NEW_FOR_EVERYONE.sub("", answer.text) for answer in answers}) == 1, path
        heads = {
            (
                answer.status,
                frozenset((name, value.split("=")[0]) for name, value in answer.headers if name
                          not in ("Content-Length", "Date")),
            )
            for answer in answers
        }  # fmt: skip
        assert len(heads) == 1, path
        assert answers[3].headers["Content-Security-Policy"]
        assert len(answers[3].get_data()) == int(answers[3].headers["Content-Length"])


def test_a_form_from_a_kept_page_can_be_sent_by_whom_it_was_served_to_alone(
    counter: Counter,
) -> None:
    readers = [counter.reader() for _ in range(3)]
    forms = [fields(reader.get("/join").text, "/join") for reader in readers]
    typed = [form | {"email": f"reader{n}@example.org"} for n, form in enumerate(forms)]

    stolen = readers[1].post("/join", data=typed[2])
    sent = [reader.post("/join", data=form) for reader, form in zip(readers, typed, strict=True)]

    assert stolen.status_code == 400
    assert [answer.status_code for answer in sent] == [303, 303, 303]
    assert len({answer.location for answer in sent}) == 3


def test_each_reader_gets_their_language_and_keeps_it(counter: Counter) -> None:
    def page(header: str, cookie: str = "") -> str:
        reader = counter.reader()
        if cookie:
            reader.set_cookie("lang", cookie)
        return reader.get("/", headers={"Accept-Language": header}).text

    for _ in range(2):
        assert '<html lang="en"' in page("en")
        assert '<html lang="uk"' in page("uk,en;q=0.5")
        assert '<html lang="uk"' in page("en", cookie="uk")
        assert '<html lang="en"' in page("fr")
    chosen = [counter.reader().get("/?lang=uk") for _ in range(2)]
    assert ["lang=uk" in answer.headers["Set-Cookie"] for answer in chosen] == [True, True]


def test_where_readers_came_from_is_not_mixed_up(counter: Counter) -> None:
    def sources(query: str, referrer: str = "") -> dict[str, str]:
        headers = {"Referer": referrer} if referrer else {}
        form = fields(counter.reader().get(f"/join{query}", headers=headers).text, "/join")
        return {name: form[name] for name in ("campaign", "article", "referrer") if name in form}

    for _ in range(2):
        assert sources("") == {}
        assert sources("?campaign=spring") == {"campaign": "spring"}
        assert sources("?campaign=autumn&fbclid=1") == {"campaign": "autumn"}
        assert sources("?campaign=%FF") == {"campaign": "%FF"}
        assert sources("?campaign=%FE") == {"campaign": "%FE"}
        assert sources("?article=bridges") == {"article": "bridges"}
        assert sources("", "https://a.example/x") == {"referrer": "https://a.example/x"}
        assert sources("", "https://b.example/x?y=1") == {"referrer": "https://b.example/x"}
        assert sources("", "http://localhost/topics") == {}


def test_what_networks_add_to_a_link_makes_no_other_page(
    counter: Counter, rendered: list[str]
) -> None:
    pages = {counter.reader().get(f"/?fbclid={n}&utm_source=x").text for n in range(5)}

    assert len(pages | {counter.reader().get("/").text}) == 1
    assert len(rendered) == 1


def test_every_field_of_the_join_form_is_a_choice_or_personal(app: Flask) -> None:
    with app.test_request_context():
        names = set(JoinForm()._fields) - {"csrf_token"}

    assert names == {*JoinForm.CHOOSING, *JoinForm.TYPING}


def test_pages_are_kept_for_some_addresses_and_not_for_all_that_are_asked_for(
    counter: Counter, monkeypatch: pytest.MonkeyPatch, rendered: list[str]
) -> None:
    monkeypatch.setattr(strangers, "MOST_PAGES", 10)
    for _ in range(2):
        for number in range(20):
            page = counter.reader().get(f"/topics/suggest?article=a{number}").text
            assert f'value="a{number}"' in page

    assert len(rendered) == 30


@pytest.mark.parametrize("path", ["/rounds/9", "/?x=%00", "/topics/9", "/rounds/1/result"])
def test_what_is_no_whole_page_is_answered_anew(counter: Counter, scene: Scene, path: str) -> None:
    scene.open_round(scene.topics(2))
    answers = [counter.reader().get(path) for _ in range(2)]

    assert answers[0].status_code == answers[1].status_code in (303, 400, 404)


def test_head_and_post_go_the_whole_way(counter: Counter) -> None:
    counter.reader().get("/topics")

    assert counter.reader().head("/topics").get_data() == b""
    assert counter.reader().post("/topics").status_code in (400, 405)


def test_a_rendering_that_fails_leaves_nobody_waiting(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    went_on, broken = Event(), counter.app.view_functions["topics.stories"]

    def fail() -> str:
        went_on.wait(0.2)
        raise ZeroDivisionError

    monkeypatch.setitem(counter.app.view_functions, "topics.stories", same(broken, fail))
    seen: list[int] = []
    assert at_once([lambda: seen.append(counter.reader().get("/stories").status_code)] * 4) == []
    assert seen == [500] * 4
    monkeypatch.undo()
    assert counter.reader().get("/stories").status_code == 200


def same(view: Callable[..., Any], instead: Callable[..., Any]) -> Callable[..., Any]:
    """Another view that is still known as the first."""
    alike._by_view[instead] = alike._by_view[view]
    return instead


def test_a_database_that_is_away_is_told_at_once_and_well_again_by_itself(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = counter.app.extensions["house"]
    away = (
        Database("sqlite:////proc/none.db")
        if counter.db.is_sqlite
        else Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    )
    monkeypatch.setitem(counter.app.extensions, "house", replace(house, db=away))
    assert counter.reader().get("/").status_code == 503
    monkeypatch.undo()

    assert counter.reader().get("/").status_code == 200
    away.dispose()


def test_a_topic_that_an_editor_hides_is_gone_for_strangers(counter: Counter, scene: Scene) -> None:
    (topic,) = scene.topics(1, title="Somebody's address")
    assert "Somebody" in counter.reader().get("/topics").text
    with counter.db.transaction() as session:
        session.execute(sa.update(Topic).where(Topic.id == topic).values(hidden=True))

    assert "Somebody" not in counter.reader().get("/topics").text
    assert counter.reader().get(f"/topics/{topic}").status_code == 404


def test_texts_are_those_that_were_saved_last(counter: Counter) -> None:
    for words in ("Write to us.", "Call us."):
        with counter.db.transaction() as session:
            writing.write(session, key="ways", language="en", body=words, now=counter.clock())
        assert words in counter.reader().get("/ways-to-support").text
