"""No link leads to a no: each page of the desk shows to each role what this role may open."""

from __future__ import annotations

from collections import deque
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from app.core.web.access import ASKED
from tests.journeys.insider import Standing, come_in
from tests.journeys.pages import stops
from tests.journeys.scenario import ANN, STAFF, Newsroom

READERS = ["", ANN]
OTHERS = ("/static/", "/sandbox/")  # no pages of ours
NO = (403, 404, 500)


@pytest.mark.parametrize("who", [*(f"{role}@demo.example" for role in STAFF), *READERS])
def test_every_link_and_form_on_every_page_is_open_to_who_sees_it(
    newsroom: Newsroom, who: str
) -> None:
    reader, app = come_in(newsroom.site, who), newsroom.site.app
    waiting = deque(stop.path for stop in stops(newsroom) if stop.status == 200)
    status: dict[object, int] = {}
    linked: dict[object, str] = {}
    misled = []
    while waiting:
        path = waiting.popleft()
        answer = reader.get(path)
        status[kind_of(app, path)] = answer.status_code
        if answer.status_code != 200 or answer.mimetype != "text/html":
            continue
        page = Standing(answer.text)
        misled += [
            f"{path} has a form for {action}: {asked}"
            for method, action in page.actions
            if (asked := not_for(app, who, method, action or path))
        ]
        for link in filter(is_ours, page.links):
            if (kind := kind_of(app, link)) not in linked:
                linked[kind] = f"{path} leads to {link}"
                waiting += [link] if kind not in status else []

    misled += [where for kind, where in linked.items() if status[kind] in NO]
    assert misled == []


def not_for(app: Flask, who: str, method: str, action: str) -> str:
    """Whom the address of a form asks for, where that is somebody else."""
    endpoint, _ = app.url_map.bind("localhost").match(urlsplit(action).path, method=method)
    asked = getattr(app.view_functions[endpoint], ASKED, None)
    role = who.partition("@")[0]
    is_open = asked is None or (role in STAFF and (not asked or role in {*asked, "admin"}))
    return "" if is_open else str(asked)


def is_ours(link: str) -> bool:
    """Whether it leads to another page here, and not to the same one in another language."""
    parts = urlsplit(link)
    is_other = parts.netloc or link.startswith(OTHERS) or "lang" in parse_qs(parts.query)
    return parts.path.startswith("/") and not is_other


def kind_of(app: Flask, link: str) -> tuple[str, tuple[str, ...]]:
    """One link to a kind of page stands for all: the patrons behind a figure are many."""
    parts = urlsplit(link)
    asked = tuple(sorted(parse_qs(parts.query)))
    try:
        endpoint, values = app.url_map.bind("localhost").match(parts.path)
    except Exception:
        return parts.path, asked
    return f"{endpoint} {values.get('figure', '')}", asked


def test_an_editor_comes_to_the_texts_by_the_menu_and_back_to_them_after_saving(
    newsroom: Newsroom,
) -> None:
    editor, texts = come_in(newsroom.site, "editor@demo.example"), "/admin/settings/texts"
    assert texts in Standing(editor.get("/admin/").text).links
    (terms,) = (link for link in Standing(editor.get(texts).text).links if link.endswith("/terms"))
    as_it_is = dict(Standing(editor.get(terms).text).filled)

    answer = editor.submit(terms, as_it_is, follow_redirects=True)

    assert (answer.request.path, answer.status_code) == (texts, 200)
    assert "Saved." in answer.text
