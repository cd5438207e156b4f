"""Every page: nothing for axe to find, no sideways scrolling, its own language, its own hosts."""

from __future__ import annotations

from functools import cache

import pytest
from babel.messages.pofile import read_po

from app.core.i18n import CATALOGUES
from tests import axe
from tests.journeys.conftest import Visit
from tests.journeys.pages import COMBINATIONS, NO_PAGES, Stop, stops
from tests.journeys.scenario import Newsroom
from tests.journeys.visitor import Visitor

TOO_WIDE = "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
LARGER_TEXT = "document.documentElement.style.fontSize = '200%'"
# What the page says itself, without what it quotes in the language it was written in.
OWN_WORDS = """() => {
    for (const quoted of document.querySelectorAll("body [lang=en]")) quoted.remove();
    return document.body.innerText;
}"""
# Subjects of mails stand there, each in its recipient's language.
WITH_SUBJECTS = {"desk-mail", "desk-patron", "dev-mail", "dev-outbox"}
SHORTEST = 12  # letters of an English text that is looked for on Ukrainian pages


@pytest.mark.browser
@pytest.mark.parametrize("who", ["stranger", "ann", "locked", "admin"])
def test_axe_finds_nothing_and_every_page_fits(
    newsroom: Newsroom, visit: Visit, cookies: dict[str, str], who: str, in_full: bool
) -> None:
    mine = [stop for stop in stops(newsroom) if stop.who == who]
    visitor = visit(newsroom.site)
    axe.bring(visitor.page)
    faults: list[str] = []
    for number, stop in enumerate(mine):
        for place, how in enumerate(COMBINATIONS):
            if in_full or place == (number * 3) % len(COMBINATIONS):
                language, scheme, width = how
                visitor.come_anew(language, scheme, width, session=cookies.get(who))
                found = look_at(visitor, stop, language)
                faults += [f"{stop.name} {how}: {fault}" for fault in found]
    assert not faults, "\n".join(faults)


def test_every_page_of_the_product_is_looked_at(newsroom: Newsroom) -> None:
    rules = newsroom.site.app.url_map
    places = rules.bind("localhost")
    seen = set()
    for stop in stops(newsroom):
        for path in filter(None, (stop.path, stop.leads_to)):
            if stop.status != 404:
                seen.add(places.match(path.partition("?")[0])[0])
    with_get = {rule.endpoint for rule in rules.iter_rules() if "GET" in (rule.methods or ())}

    assert with_get - seen == set(NO_PAGES)


@pytest.mark.browser
def test_nothing_moves_once_it_is_seen(newsroom: Newsroom, visit: Visit) -> None:
    watch = """new Promise(done => new PerformanceObserver(list => done(
        list.getEntries().reduce((sum, entry) => sum + entry.value, 0)
    )).observe({type: "layout-shift", buffered: true}) || setTimeout(() => done(0), 300))"""
    reader = visit(newsroom.site, width=360)
    for path in ("/", "/join", f"/rounds/{newsroom.running}"):
        reader.open(path)
        assert reader.page.evaluate(watch) < 0.02, path


@pytest.mark.browser
def test_the_layout_waits_for_no_script(newsroom: Newsroom, visit: Visit) -> None:
    with_script, without = (visit(newsroom.site, script=script) for script in (True, False))
    for path in ("/", "/join", f"/rounds/{newsroom.running}"):
        for what in ("main h1", "main form, main section"):
            boxes = []
            for reader in (with_script, without):
                reader.open(path)
                boxes.append(reader.page.locator(what).first.bounding_box())
            assert boxes[0] == boxes[1], f"{path} {what}"
            assert boxes[0] is not None


def look_at(visitor: Visitor, stop: Stop, language: str) -> list[str]:
    """Go there, and say what is wrong with it."""
    status = visitor.open(stop.path)
    faults = [] if status == stop.status else [f"answers {status}"]
    if stop.act is not None:
        stop.act(visitor)
    if found := axe.violations(visitor.page):
        faults.append(found)
    if (over := visitor.page.evaluate(TOO_WIDE)) > 0:
        faults.append(f"{over} px too wide")
    if (lang := visitor.page.locator("html").get_attribute("lang")) != language:
        faults.append(f"lang is {lang}")
    if language == "uk" and stop.name not in WITH_SUBJECTS:
        faults += [f"English: {text}" for text in english_on(visitor)]
    visitor.page.set_viewport_size({"width": 360, "height": 800})
    visitor.page.evaluate(LARGER_TEXT)
    if (over := visitor.page.evaluate(TOO_WIDE)) > 0:
        faults.append(f"{over} px too wide for a phone with text twice as large")
    return faults


def english_on(visitor: Visitor) -> list[str]:
    """Texts of the catalogue that stand on a Ukrainian page in English."""
    read = visitor.page.evaluate(OWN_WORDS)
    return [text for text in _translated() if text in read]


@cache
def _translated() -> list[str]:
    with (CATALOGUES / "uk" / "LC_MESSAGES" / "messages.po").open("rb") as source:
        catalogue = read_po(source, locale="uk")
    return [
        str(message.id)
        for message in catalogue
        if isinstance(message.id, str)
        and len(message.id) >= SHORTEST
        and "%" not in message.id
        and message.string not in ("", message.id)
    ]
