"""The ask at /, the newsroom's texts, and the wall of supporters."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.core import i18n
from app.core.i18n import gettext as _
from app.core.pagination import Cursor
from app.core.web import nav, now, reading
from app.core.web.alike import alike
from app.newsroom import queries as newsroom
from app.newsroom.here import here
from app.public import queries, teasing
from app.topics import queries as topics

__all__ = ["bp", "teasing"]  # the second fills lists of lower rooms

bp = Blueprint("public", __name__)
ASK = ("ask.title", "ask.lead", "ask.goal")
STORIES = 3

nav.add("footer", "public.ways", label=lambda: _("Other ways to support"), order=10)
nav.add("footer", "public.supporters", label=lambda: _("Supporters"), order=30)
nav.add("footer", "public.terms", label=lambda: _("Terms"), order=70)
nav.add("footer", "public.privacy", label=lambda: _("Privacy"), order=80)
nav.add("footer", "public.imprint", label=lambda: _("Imprint"), order=90)


@bp.get("/")
@alike()
def front() -> ResponseReturnValue:
    """The ask, with the running round and the honest numbers."""
    moment = now()
    with reading() as db:
        running = topics.open_round(db)
        return render_template(
            "public/front.html",
            texts=newsroom.texts(db, ASK, i18n.language()),
            numbers=queries.numbers(db, here(), now=moment),
            today=moment,
            round=running,
            next_round=None if running else queries.next_opening(db),
            stories=topics.winners(db, STORIES, now=moment),
        )


@bp.get("/supporters")
@alike(uses=Cursor.NAMES)
def supporters() -> ResponseReturnValue:
    """The names of those who allowed it; never an amount."""
    with reading() as db:
        page = queries.wall(db, Cursor.from_query(request.args), now=now())
        return render_template("public/supporters.html", page=page)


@bp.get("/ways-to-support")
@alike()
def ways() -> ResponseReturnValue:
    """Bank transfer, telling somebody, skills: what else helps."""
    return _text("ways", _("Other ways to support"), ask=True)


@bp.get("/terms")
@alike()
def terms() -> ResponseReturnValue:
    """What a patron agrees to."""
    return _text("terms", _("Terms"))


@bp.get("/privacy")
@alike()
def privacy() -> ResponseReturnValue:
    """What is kept of whom, and why."""
    return _text("privacy", _("Privacy"))


@bp.get("/imprint")
@alike()
def imprint() -> ResponseReturnValue:
    """Who is responsible."""
    return _text("imprint", _("Imprint"))


def _text(key: str, title: str, *, ask: bool = False) -> ResponseReturnValue:
    with reading() as db:
        text = queries.text(db, key, i18n.language())
    return render_template(
        "public/text.html", title=title, body=text.html, updated_at=text.updated_at, ask=ask
    )
