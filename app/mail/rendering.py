"""A mail from its templates: a subject of one line, a text, and the same for eyes as HTML.

NAME.txt has the subject in its first line and the text after it; NAME.mjml is the HTML. What a
template does not find in its context is an error, not a gap in a letter. Files whose name begins
with an underscore are parts of others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import mrml
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from app.core import i18n
from app.core.settings import ROOT
from app.newsroom import colours
from app.newsroom.models import Newsroom

EMAILS = ROOT / "templates" / "emails"
SUBJECT = ".subject"
LONGEST_SUBJECT = 200
# "\x85" and the two separators break lines for some readers of mail, though not for Python's.
BREAKS = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029]+")
HEAD_COMMENT = re.compile(r"\A\s*\{#.*?#\}\s*", re.DOTALL)
GAPS = re.compile(r"\n{3,}")
# What XML cannot hold: mrml would refuse the whole mail for one of them in a name.
UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail as it will be sent."""

    subject: str
    text: str
    html: str


class NoSubject(ValueError):
    """The first line of a mail's text came out empty."""


class BrokenMail(ValueError):
    """The MJML of a mail has something in it that will not be shown."""


def render(
    template: str, *, language: str, context: Mapping[str, Any], newsroom: Newsroom, site_url: str
) -> Rendered:
    """Write a mail in a language. Raises NoSubject, BrokenMail, and what Jinja raises."""
    values = {"newsroom": newsroom, "site_url": site_url, **context}
    environment = _environment()
    with i18n.speaking(language):
        subject = environment.get_template(f"{template}.txt{SUBJECT}").render(values)
        text = environment.get_template(f"{template}.txt").render(values)
        markup = environment.get_template(f"{template}.mjml").render(
            values, colour=_colours(newsroom.accent)
        )
    return Rendered(
        subject=_one_line(subject, template), text=_tidy(text), html=_html(markup, template)
    )


class _Letters(FileSystemLoader):
    """Templates of mails, where the first line of a text is a template of its own.

    So whatever a name has in it, a subject cannot run over into the text or the other way round.
    """

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        source, path, is_fresh = super().get_source(environment, template.removesuffix(SUBJECT))
        name = template.rpartition("/")[2]
        if name.startswith("_") or name.endswith(".mjml"):
            return source, path, is_fresh
        subject, _, body = HEAD_COMMENT.sub("", source).partition("\n")
        return (subject if name.endswith(SUBJECT) else body), path, is_fresh


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=_Letters(EMAILS),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["mjml"], default=False),
        finalize=_writable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    i18n.install(environment)
    environment.globals.update(date=i18n.date, moment=i18n.moment, time_of=i18n.time_of)
    return environment


def _writable(value: Any) -> Any:
    if not isinstance(value, str) or not UNWRITABLE.search(value):
        return value
    clean = UNWRITABLE.sub("", str(value))
    if not isinstance(value, Markup):
        return clean
    return Markup(clean)  # noqa: S704  # nosec B704  (it was safe before)


@cache
def _colours(accent: str) -> dict[str, dict[str, str]]:
    """The few tokens of the pages' style sheet that mails use, by scheme."""
    derived = colours.tokens(accent)
    fixed = {
        "light": {"ink-2": "#5a554c", "rule": "#d3cbbb"},
        "dark": {"ink-2": "#aea698", "rule": "#3d3932"},
    }
    return {
        scheme: {
            "paper": colours.PAPER[scheme],
            "ink": colours.INK[scheme],
            **fixed[scheme],
            **derived[scheme],
        }
        for scheme in fixed
    }


def _one_line(subject: str, template: str) -> str:
    line = BREAKS.sub(" ", subject).strip()
    if not line:
        raise NoSubject(f"{template}.txt has no subject in its first line")
    return line if len(line) <= LONGEST_SUBJECT else line[: LONGEST_SUBJECT - 1] + "…"


def _tidy(text: str) -> str:
    """At most one empty line between paragraphs, and no spaces that nobody sees."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return GAPS.sub("\n\n", lines).strip() + "\n"


def _html(markup: str, template: str) -> str:
    # No table of fonts: mrml would ask another host for those it knows.
    options = mrml.RenderOptions(disable_comments=True, fonts={})
    try:
        output = mrml.to_html(markup, render_options=options)
    except OSError as error:
        raise BrokenMail(f"{template}.mjml: {error}") from error
    if output.warnings:
        raise BrokenMail(f"{template}.mjml: {output.warnings}")
    return str(output.content)
