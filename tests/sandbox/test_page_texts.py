"""The words of the sandbox's pages, in English and Ukrainian."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from werkzeug.datastructures import LanguageAccept

from app.sandbox import pages_checkout, pages_desk, pages_drafts, pages_knobs, pages_offer
from app.sandbox.pages_texts import every, language_for, moment, money
from app.sandbox.pages_ukrainian import UKRAINIAN
from tests.sandbox.shopping import Shop

if TYPE_CHECKING:
    from app.sandbox import WiredSandbox

PAGES = Path(pages_checkout.__file__).parent
NO_BREAK = "\u00a0"


def test_an_offer_is_told_in_the_readers_language(sandbox: WiredSandbox, shop: Shop) -> None:
    session = shop.session(amount=2550, currency="uah", interval="year")

    with sandbox.act() as opened:
        kept = opened.get("checkout.session", session.id)
        offer = pages_offer.page_of(opened, kept, "uk")

    assert offer.merchant == "Sandbox newsroom"
    assert offer.repeats == f"Далі 25,50{NO_BREAK}₴ щороку, доки підписку не зупинять."
    assert offer.button == f"Платити 25,50{NO_BREAK}₴ щороку"
    assert (offer.email, offer.email_is_fixed) == ("ann@example.org", True)
    assert next(example.does for example in pages_offer.EXAMPLES) == "Pays."


@pytest.mark.parametrize(
    ("locale", "accepted", "spoken"),
    [
        (None, "uk-UA,uk;q=0.9,en;q=0.8", "uk"),
        ("auto", "uk", "uk"),
        ("auto", "fr", "en"),
        ("auto", "", "en"),
        ("en", "uk", "en"),
        ("de", "uk", "en"),
    ],
)
def test_the_session_or_the_browser_chooses_the_language(
    locale: str | None, accepted: str, spoken: str
) -> None:
    parts = [part.partition(";q=") for part in accepted.split(",") if part]
    accept = LanguageAccept([(name, float(share or 1)) for name, _, share in parts])

    assert language_for(locale, accept) == spoken


@pytest.mark.parametrize(
    ("minor", "currency", "language", "written"),
    [
        (500, "eur", "en", f"5{NO_BREAK}€"),
        (550, "eur", "uk", f"5,50{NO_BREAK}€"),
        (1_234_567, "uah", "en", f"12,345.67{NO_BREAK}₴"),
        (500, "jpy", "en", f"500{NO_BREAK}JPY"),
        (1250, "kwd", "en", f"1.250{NO_BREAK}KWD"),
    ],
)
def test_amounts_are_written_for_people(
    minor: int, currency: str, language: str, written: str
) -> None:
    assert money(minor, currency, language) == written


def test_intervals_are_said_in_both_languages() -> None:
    def said(count: int, language: str) -> str:
        return every({"interval": "month", "interval_count": count}, language)

    assert [said(count, "en") for count in (1, 3)] == ["each month", "every 3 months"]
    assert [said(count, "uk") for count in (1, 3, 6, 12, 22)] == [
        "щомісяця",
        "кожні 3 місяці",
        "кожні 6 місяців",
        "кожні 12 місяців",
        "кожні 22 місяці",
    ]
    assert moment(None, "uk") == ""


def test_every_text_of_the_pages_stands_in_ukrainian_with_the_same_values() -> None:
    spoken = {text for page in PAGES.glob("templates/*.html") for text in _texts(page)}
    spoken |= {example.does for example in pages_offer.EXAMPLES}
    spoken |= {words for _, words in pages_desk.OUTCOMES}
    spoken |= {pages_checkout.LOOK_AGAIN, pages_checkout.GROWN_OLD}
    spoken |= {words for words, _, _ in pages_knobs.KNOBS.values()}
    spoken |= {words for _, _, choices in pages_knobs.KNOBS.values() for _, words in choices}
    spoken |= set(pages_drafts.faults(dict.fromkeys(pages_drafts.FIELDS, ""), now=0).values())

    assert spoken - UKRAINIAN.keys() == set()
    for english, ukrainian in UKRAINIAN.items():
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", ukrainian))


def test_a_form_begins_without_a_notice_and_with_empty_fields() -> None:
    draft = pages_drafts.Draft()

    assert (draft.notice, draft.errors, draft.declined) == ("", {}, False)
    assert set(draft.values.values()) == {""}


def _texts(page: Path) -> set[str]:
    return set(re.findall(r'\bt\("((?:[^"\\]|\\.)+)"', page.read_text()))
