"""Every text that a reader may see is there in every language."""

from __future__ import annotations

import re
from functools import cache

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from app.core.i18n import CATALOGUES, LANGUAGES
from tests.architecture.files import ROOT

SOURCES = {"app": [("**.py", "python")], "templates": [("**.*", "jinja2.ext:babel_extract")]}
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "_l": None, "Lazy": None}
PLACE = re.compile(r"%\((\w+)\)[sd]|%%")
OTHERS = sorted(set(LANGUAGES) - {"en"})

pytestmark = pytest.mark.parametrize("language", OTHERS)


def test_no_text_is_missing(language: str) -> None:
    said = catalogue(language)
    missing = {text: where for text, where in wanted().items() if not is_translated(said, text)}
    assert missing == {}


def test_no_translation_is_left_of_a_text_that_is_gone(language: str) -> None:
    assert [text for message in catalogue(language) if (text := key(message)) not in spoken()] == []


def test_every_translation_has_the_places_of_its_text(language: str) -> None:
    wrong = [
        text
        for message in catalogue(language)
        if (text := key(message)) and any(extra_places(message, form) for form in forms(message))
    ]
    assert wrong == []


def test_no_translation_is_marked_as_doubtful(language: str) -> None:
    assert [key(message) for message in catalogue(language) if message.id and message.fuzzy] == []


@cache
def catalogue(language: str) -> Catalog:
    path = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        pytest.fail(f"{path.relative_to(ROOT)} is not there: no text is translated")
    with path.open("rb") as source:
        return read_po(source, locale=language)


@cache
def wanted() -> dict[str, str]:
    """Each text in code and templates (the singular where there are two), and where it stands."""
    return {
        message if isinstance(message, str) else message[0]: f"{folder}/{name}:{line}"
        for folder, methods in SOURCES.items()
        for name, line, message, *_ in extract_from_dir(
            ROOT / folder, methods, keywords=KEYWORDS, options_map={"**.*": {"silent": "false"}}
        )
    }


@cache
def spoken() -> frozenset[str]:
    """What may stand in a catalogue: texts of the sources, its header, and names of cities."""
    cities = {"Kyiv"}
    return frozenset({"", *cities, *wanted()})


def key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def forms(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def is_translated(said: Catalog, text: str) -> bool:
    message = said.get(text)
    return message is not None and all(form.strip() for form in forms(message))


def extra_places(message: Message, form: str) -> bool:
    """A form may leave out a number ("one patron"), but must invent no name."""
    ids = (message.id,) if isinstance(message.id, str) else message.id
    known = {name for text in ids for name in PLACE.findall(text)}
    used = set(PLACE.findall(form))
    return not used <= known or (isinstance(message.id, str) and used != known)
