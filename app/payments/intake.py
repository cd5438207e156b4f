"""The short way for Stripe's events: kept and answered before the web framework wakes.

On the first of the month Stripe sends a thousand in a minute, and none of them has a session, a
language or a form. Only what goes well goes this way; everything else (no signature, no event, too
large, of unknown length) goes on to the view with its body, and is answered there in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.core.errors import AppError
from app.payments.setup import WEBHOOK

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LARGEST = 256 * 1024  # an event has 3 kB; a giant is the view's to refuse
ANSWERED = [
    ("Content-Length", "0"), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
]  # fmt: skip
log = structlog.get_logger()
Receive = Callable[[bytes, str], object]


class Intake:
    """Stands before the application; ``receive`` keeps a body with its signature, or raises."""

    def __init__(self, app: WSGIApplication, receive: Receive) -> None:
        self._app = app
        self._receive = receive

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        length = _length(environ)
        if not length:
            return self._app(environ, start)
        body = environ["wsgi.input"].read(length)
        try:
            self._receive(body, environ.get("HTTP_STRIPE_SIGNATURE", ""))
        except AppError:
            return self._app(environ | {"wsgi.input": BytesIO(body)}, start)
        except (DBAPIError, PoolTimeout) as error:
            log.error("an event could not be kept", error=str(error)[:500])
            start("503 Service Unavailable", [*ANSWERED, ("Retry-After", "5")])
            return []
        start("200 OK", ANSWERED)
        return []


def _length(environ: WSGIEnvironment) -> int | None:
    """How long the body is, where this is a delivery of ordinary size."""
    if environ.get("PATH_INFO") != WEBHOOK or environ["REQUEST_METHOD"] != "POST":
        return None
    text = environ.get("CONTENT_LENGTH") or ""
    if not (text.isascii() and text.isdigit()) or len(text) > 7 or int(text) > LARGEST:
        return None
    return int(text)
