"""The newsroom on every page: its name, and the style sheet of its colour."""

from __future__ import annotations

from flask import Blueprint, Response, g

from app.core.web import reading
from app.newsroom import colours, queries
from app.newsroom.models import Newsroom

bp = Blueprint("newsroom", __name__)


def here() -> Newsroom:
    """This request's newsroom, read once."""
    if "newsroom" not in g:
        with reading() as session:
            g.newsroom = queries.current(session)
    room: Newsroom = g.newsroom
    return room


@bp.app_context_processor
def _for_templates() -> dict[str, object]:
    return {"newsroom": here()}


@bp.get("/theme.css")
def theme() -> Response:
    """The tokens that derive from the newsroom's accent, in both schemes."""
    by_scheme = colours.tokens(here().accent)
    light, dark = (_rules(by_scheme[scheme]) for scheme in ("light", "dark"))
    sheet = (
        f"@layer tokens{{:root{{{light}}}"
        f"@media(prefers-color-scheme:dark){{:root{{{dark}}}}}"
        f":root[data-theme=light]{{{light}}}:root[data-theme=dark]{{{dark}}}}}"
    )
    response = Response(sheet, mimetype="text/css")
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


def _rules(tokens: dict[str, str]) -> str:
    return ";".join(f"--{name}:{value}" for name, value in tokens.items())
