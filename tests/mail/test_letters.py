"""Mails of signing in, of the desk, and of a pledge that lapsed, word by word, in each language."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.accounts import roles
from app.core.i18n import LANGUAGES
from app.core.money import Money
from app.mail import rendering
from app.newsroom.models import Newsroom
from tests.snapshots import matches

SNAPSHOTS = Path(__file__).parent / "snapshots"
SITE = "https://ledger.example"
SIGN_IN = {"link": f"{SITE}/sign-in/abc", "code": "123456", "minutes": 15}
LAPSED = {
    "total": Money(500, "EUR"),
    "ended_at": datetime(2026, 8, 9, 12, tzinfo=UTC),
    "again_url": f"{SITE}/join?interval=month",
    "manage_url": f"{SITE}/manage/abc",
}
LETTERS: dict[str, tuple[str, dict[str, Any]]] = {"sign-in": ("sign-in", SIGN_IN)} | {
    f"staff-{change}": ("staff-rights", {"change": change, "role": roles.DESCRIBED["editor"]})
    for change in ("added", "role", "removed", "reset")
}
LETTERS["lapsed"] = ("pledge-lapsed", LAPSED | {"votes": False, "tried": True})
LETTERS["lapsed-for-good"] = ("pledge-lapsed", LAPSED | {"votes": True, "tried": False})
TAGS = re.compile(r"<(?:style|title)\b.*?</(?:style|title)>|<[^>]+>", re.DOTALL)


def write(letter: str, language: str) -> rendering.Rendered:
    template, context = LETTERS[letter]
    newsroom = Newsroom(
        name="The Dnipro Ledger",
        reply_to="desk@ledger.example",
        accent="#0b5563",
        timezone="Europe/Kyiv",
    )
    return rendering.render(
        template, language=language, context=context, newsroom=newsroom, site_url=SITE
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("letter", LETTERS)
def test_a_letter_says_what_it_said_when_it_was_last_read(letter: str, language: str) -> None:
    mail = write(letter, language)
    assert matches(
        SNAPSHOTS / f"{letter}.{language}.txt", f"Subject: {mail.subject}\n\n{mail.text}"
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("letter", LETTERS)
def test_no_link_of_the_html_is_missing_in_the_text(letter: str, language: str) -> None:
    mail = write(letter, language)
    links = re.findall(r'href="([^"]+)"', mail.html)
    assert all(link in mail.text for link in links)
    assert bool(links) == (letter != "staff-removed")


@pytest.mark.parametrize("letter", LETTERS)
def test_the_html_has_no_template_left_in_it(letter: str) -> None:
    words = TAGS.sub(" ", write(letter, "en").html)
    assert "{" not in words
    assert "Markup" not in words
    assert "&lt;" not in words
