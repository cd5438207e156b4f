"""Turn a template into an answer: HTML without scripts, with headers that allow nothing else."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.wrappers import Response

from app.sandbox.pages_texts import translator

HERE = Path(__file__).parent
STATIC_TYPES = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


def render(
    template: str,
    language: str,
    *,
    status: int = 200,
    leads_to: str | None = None,
    **values: object,
) -> Response:
    """A page in this language; ``leads_to`` is where its form may end up, on another host."""
    text = (
        _environment()
        .get_template(template)
        .render({"language": language, "t": translator(language), "wide": False} | values)
    )
    response = Response(text, status, content_type="text/html; charset=utf-8")
    return guarded(response, leads_to=leads_to)


def redirect(location: str) -> Response:
    """Go on with a GET."""
    response = Response(status=303)
    response.headers["Location"] = location
    return guarded(response)


def static_file(name: str) -> Response | None:
    """A style sheet or picture of the pages, or None if there is none of this name."""
    path = HERE / "static" / name
    if path.name != name or path.suffix not in STATIC_TYPES or not path.is_file():
        return None
    response = Response(path.read_bytes(), content_type=STATIC_TYPES[path.suffix])
    response.headers["Cache-Control"] = "no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.add_etag()
    return response


def guarded(response: Response, *, leads_to: str | None = None) -> Response:
    """The headers of every page; browsers hold a redirect after a form to ``form-action``."""
    target = f" {origin_of(leads_to)}" if leads_to and origin_of(leads_to) else ""
    response.headers.update(
        {
            "Cache-Control": "no-store",
            "Content-Security-Policy": (
                "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
                f"frame-ancestors 'none'; form-action 'self'{target}"
            ),
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }
    )
    return response


def origin_of(address: str) -> str:
    """Scheme and host of a web address; empty for anything else."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else ""


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
