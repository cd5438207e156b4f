"""Mails as they are written: what a name may not do to them, and that they ask no other host."""

from __future__ import annotations

import re
from typing import Any

import pytest
from jinja2 import UndefinedError

from app.mail import rendering
from app.newsroom.models import Newsroom

CONTEXT: dict[str, Any] = {
    "link": "https://ledger.example/sign-in/abc",
    "code": "123456",
    "minutes": 15,
}
ADDRESS = re.compile(r"(?:https?:)?//[^\s\"'<>)]+")


def newsroom(**changes: Any) -> Newsroom:
    values = {"name": "The Dnipro Ledger", "reply_to": "", "accent": "#0b5563"} | changes
    return Newsroom(**values)


def write(context: dict[str, Any] | None = None, **changes: Any) -> rendering.Rendered:
    return rendering.render(
        "sign-in",
        language="en",
        context=CONTEXT if context is None else context,
        newsroom=newsroom(**changes),
        site_url="https://ledger.example",
    )


def test_subject_text_and_html_say_the_same() -> None:
    mail = write()
    assert mail.subject == "Sign in to The Dnipro Ledger"
    for part in (mail.text, mail.html):
        assert CONTEXT["link"] in part
        assert "123 456" in part
        assert "15 minutes" in part


def test_a_name_with_line_breaks_keeps_the_subject_in_one_line() -> None:
    mail = write(name="Ledger\r\nBcc: everybody@example.org\u2028\x85\x0b!")
    assert mail.subject == "Sign in to Ledger Bcc: everybody@example.org !"


def test_a_subject_has_a_longest_length() -> None:
    assert len(write(name="x" * 999).subject) == rendering.LONGEST_SUBJECT


def test_a_name_with_markup_is_text_in_the_html_and_stays_as_it_is_in_the_text() -> None:
    mail = write(name="<b>Us</b> & them")
    assert "&lt;b&gt;Us&lt;/b&gt; &amp; them" in mail.html
    assert "<b>Us</b>" not in mail.html
    assert "<b>Us</b> & them" in mail.text


def test_a_name_with_characters_that_markup_cannot_hold_loses_those_only() -> None:
    mail = write(name="A\x00\x01\x1f\ud800\uffffB")
    assert "AB" in mail.html
    assert "AB" in mail.text


def test_what_a_template_misses_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        write(context={"link": "x", "minutes": 15})


def test_a_mail_asks_no_other_host_for_anything() -> None:
    html = write().html
    hosts = {address.split("/")[2] for address in ADDRESS.findall(html)}
    assert hosts <= {"ledger.example", "www.w3.org"}  # the latter names a namespace
    assert not re.search(r"<(?:img|link|script|iframe)\b|@import|url\(", html)


def test_the_colour_of_the_newsroom_is_the_colour_of_the_button() -> None:
    assert "background:#7a1f5c" in write(accent="#7a1f5c").html


def test_a_mail_is_designed_for_dark_as_well() -> None:
    html = write().html
    assert "prefers-color-scheme: dark" in html
    assert '<meta name="color-scheme" content="light dark"' in html


def test_the_language_of_a_mail_is_written_in_its_html() -> None:
    mail = rendering.render(
        "sign-in", language="uk", context=CONTEXT, newsroom=newsroom(), site_url="https://x.example"
    )
    assert '<html lang="uk"' in mail.html
