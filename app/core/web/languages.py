"""Which language a request is answered in: asked for, chosen before, or preferred."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote, urlencode

from flask import Flask, Response, current_app, g, request
from flask_login import current_user
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from app.core import i18n
from app.core.web.alike import of_endpoint
from app.core.web.failures import MACHINE_PATHS

COOKIE = "lang"
YEAR = 365 * 24 * 3600
# Machines and files speak to nobody in particular: no look-up of who is signed in.
NOBODYS = (*MACHINE_PATHS, "/static/", "/theme.css")


def install(app: Flask) -> None:
    app.before_request(_choose)
    app.after_request(_remember)
    i18n.install(app.jinja_env)
    app.context_processor(_for_templates)


def preferred(kept: str | None, accepted: str) -> str:
    """A stranger's language: what the cookie kept, else what the browser asks for."""
    return kept if kept in i18n.LANGUAGES and kept else _accepted(accepted) or "en"


def _choose() -> None:
    asked, kept = request.args.get("lang"), request.cookies.get(COOKIE)
    g.asked_language = asked if asked in i18n.LANGUAGES else None
    # First of all, so that no refusal speaks the language of whom this thread served before.
    i18n.set_language(
        g.asked_language or preferred(kept, request.headers.get("Accept-Language", ""))
    )
    chosen = g.asked_language or kept in i18n.LANGUAGES
    if not chosen and not request.path.startswith(NOBODYS):
        own = getattr(current_user, "language", None)
        if own in i18n.LANGUAGES:
            i18n.set_language(str(own))


@lru_cache(256)
def _accepted(header: str) -> str | None:
    return parse_accept_header(header, LanguageAccept).best_match(list(i18n.LANGUAGES))


def _remember(response: Response) -> Response:
    asked = getattr(g, "asked_language", None)
    if asked is not None:
        response.set_cookie(
            COOKIE, asked, max_age=YEAR, samesite="Lax", httponly=True, secure=request.is_secure
        )
    response.headers.setdefault("Content-Language", i18n.language())
    return response


def _for_templates() -> dict[str, object]:
    return {"locale": i18n.language(), "language_links": _links()}


def _links() -> list[dict[str, str]]:
    """The same page in the other languages; none of an answer to a form, for it would be lost."""
    if request.method not in {"GET", "HEAD"}:
        return []
    here, query = request.script_root + quote("/" + request.path.lstrip("/\\")), _query()
    return [
        {"code": code, "name": name, "url": f"{here}?{urlencode([*query, ('lang', code)])}"}
        for code, name in i18n.LANGUAGES.items()
        if code != i18n.language()
    ]


def _query() -> list[tuple[str, str]]:
    """What the page reads of its address."""
    if request.endpoint is None:
        return []
    endpoint = request.endpoint
    return [(k, v) for k, v in request.args.items() if k != "lang" and _is_read(endpoint, k)]


def _is_read(endpoint: str, name: str) -> bool:
    """Whether a page does anything with a name in its address, as far as is known."""
    known = of_endpoint(current_app, endpoint)
    return known is None or name in known.uses or name in known.personal
