"""The newsroom on every page: its name, and the style sheet of its colour."""

from __future__ import annotations

from flask import Blueprint, Response

from app.core.web.alike import alike
from app.newsroom import colours
from app.newsroom.here import here

bp = Blueprint("newsroom", __name__)


@bp.app_context_processor
def _for_templates() -> dict[str, object]:
    return {"newsroom": here()}


@bp.get("/theme.css")
@alike()
def theme() -> Response:
    """The tokens that derive from the newsroom's accent, in both schemes."""
    by_scheme = colours.tokens(here().accent)
    light, dark = (_rules(by_scheme[scheme]) for scheme in ("light", "dark"))
    sheet = f"@layer tokens{{:root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}}}"
    response = Response(sheet, mimetype="text/css")
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


def _rules(tokens: dict[str, str]) -> str:
    return ";".join(f"--{name}:{value}" for name, value in tokens.items())
