"""What is sent too late, or by somebody who was signed out, waits and is done at the next press."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from app.accounts.models import LoginSession
from app.core.clock import wall_clock
from app.newsroom.models import NewsroomText
from app.topics.models import Topic
from tests.accounts.door import Door, later
from tests.reading import FROM_HERE, TOKEN, Reader, resent

EDITOR = "editor@ledger.example"
SUGGEST, TERMS = "/topics/suggest", "/admin/settings/texts/terms"
IDEA = {"title": "Who cleans the river?", "text": "Mine\r\nand <yours>", "email": "a@example.org"}


MORNING = {"hours": -12.1}  # longer ago than a form works, and than staff stay signed in


def sent(reader: Reader, path: str, typed: dict[str, str]) -> TestResponse:
    """Send a form whose page was opened this morning."""
    with later(**MORNING):
        token = TOKEN.findall(reader.get(path).text)[0]
    return reader.post(path, data={"csrf_token": token, **typed}, headers=FROM_HERE)


def terms(door: Door) -> dict[str, str]:
    """The text of the terms by language."""
    return {text.language: text.body for text in door.all(NewsroomText) if text.key == "terms"}


def pressed(reader: Reader, page: TestResponse, path: str) -> TestResponse:
    """Press the button of the page in which a form waits."""
    token = TOKEN.findall(page.text)[0]
    return reader.post(path, data=dict([*resent(page), ("csrf_token", token)]), headers=FROM_HERE)


def test_a_form_of_this_morning_is_taken_at_the_second_press(door: Door, client: Reader) -> None:
    page = sent(client, SUGGEST, IDEA)
    assert page.status_code == 400
    assert "Nothing you typed is lost" in page.text
    assert door.all(Topic) == []
    assert pressed(client, page, SUGGEST).status_code == 303
    [topic] = door.all(Topic)
    assert (topic.title, topic.text) == (IDEA["title"], "Mine\nand <yours>")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://[", ""])
def test_what_another_site_filled_in_does_not_wait(door: Door, client: Reader, origin: str) -> None:
    page = client.post(SUGGEST, data=IDEA, headers={"Origin": origin})
    assert page.status_code == 400
    assert "This page was open for too long" in page.text
    assert resent(page) == []


def test_a_long_text_outlives_the_session_of_who_wrote_it(door: Door, client: Reader) -> None:
    door.staff(EDITOR, "editor")
    before = terms(door)
    typed = {"en": "Long " * 800, "uk": "Довгий " * 800}
    with later(**MORNING):
        door.let_in_staff(client, EDITOR)
    late = sent(client, TERMS, typed)
    assert (late.status_code, "You are signed out" in late.text) == (403, True)

    door.let_in_staff(client, EDITOR)  # in another tab
    again = pressed(client, late, TERMS)
    assert f"You are signed in as {EDITOR}." in again.text
    assert terms(door) == before
    assert pressed(client, again, TERMS).status_code == 303
    assert terms(door) == {language: text.strip() for language, text in typed.items()}


def test_who_was_signed_out_elsewhere_loses_nothing_either(door: Door, client: Reader) -> None:
    door.staff(EDITOR, "editor")
    token = TOKEN.findall(door.let_in_staff(client, EDITOR).get(TERMS).text)[0]
    door.change(LoginSession, revoked_at=wall_clock())
    page = client.post(TERMS, data={"csrf_token": token, "en": "Mine"})
    assert page.status_code == 403
    assert resent(page) == [("en", "Mine")]


def test_who_may_not_do_it_is_told_so_and_not_to_send_it_again(door: Door, client: Reader) -> None:
    door.let_in(client)
    page = client.post(TERMS, data={"en": "Mine"}, headers=FROM_HERE)
    assert (page.status_code, resent(page)) == (403, [])


def test_codes_do_not_wait(door: Door, client: Reader) -> None:
    typed = {"code": "123456", "second_factor-code": "123456", "csrf_token": "old", "next": "/"}
    page = client.post("/sign-in/code", data=typed, headers=FROM_HERE)
    assert resent(page) == [("next", "/")]


def test_what_could_not_be_kept_waits_for_another_try(
    door: Door, client: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OperationalError("", {}, OSError())

    with monkeypatch.context() as patch:
        patch.setitem(door.app.view_functions, "topics.send_suggestion", fail)
        page = client.submit(SUGGEST, IDEA)
    assert page.status_code == 503
    assert pressed(client, page, SUGGEST).status_code == 303
    assert len(door.all(Topic)) == 1


def test_it_waits_too_where_the_database_is_away_for_every_page(
    door: Door, client: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise OperationalError("", {}, OSError())

    token = TOKEN.findall(client.get(SUGGEST).text)[0]
    with monkeypatch.context() as patch:
        patch.setattr(door.db, "reading", away)
        page = client.post(SUGGEST, data={"csrf_token": token, **IDEA})
    assert (page.status_code, "Not just now" in page.text) == (503, True)
    assert pressed(client, page, SUGGEST).status_code == 303
    assert door.all(Topic)[0].title == IDEA["title"]
