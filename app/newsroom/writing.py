"""The newsroom's texts: Markdown in, safe HTML out, made once when saved."""

from __future__ import annotations

from datetime import datetime
from textwrap import shorten

import sqlalchemy as sa
from markdown_it import MarkdownIt
from sqlalchemy.orm import Session

from app.core.i18n import LANGUAGES
from app.newsroom.models import NewsroomText

# Raw HTML is off and the renderer escapes, so what comes out needs no second cleaning.
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


class UnknownLanguage(ValueError):
    """A text in a language that the product has no catalogue for."""


def write(session: Session, *, key: str, language: str, body: str, now: datetime) -> None:
    """Save one text in one language."""
    if language not in LANGUAGES:
        raise UnknownLanguage(language)
    body = body.strip()
    row = session.get(NewsroomText, (key, language))
    if row is None:
        row = NewsroomText(key=key, language=language, body="", html="", updated_at=now)
        session.add(row)
    row.body, row.html, row.updated_at = body, to_html(body), now


def bodies(session: Session, key: str) -> dict[str, str]:
    """What was typed, by language, for the form that edits it."""
    rows = session.scalars(sa.select(NewsroomText).where(NewsroomText.key == key))
    return {row.language: row.body for row in rows}


def beginnings(session: Session, language: str, *, longest: int = 110) -> dict[str, str]:
    """How each text begins, by key: in one language, or in another where it has none in that."""
    rows = session.scalars(sa.select(NewsroomText).where(NewsroomText.body != ""))
    by_key: dict[str, str] = {}
    for row in sorted(rows, key=lambda row: row.language == language):
        said = " ".join(line for line in row.body.splitlines() if not line.startswith("#"))
        by_key[row.key] = shorten(said, longest, placeholder="…")
    return by_key


def to_html(body: str) -> str:
    return str(_markdown.render(body))
