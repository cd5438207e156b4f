"""Pages for strangers, rendered once and served until something changes.

A stranger brings no cookie of ours but the language. What such a page shows follows from its
address, its language, the database and the app's clock; so it is served again while the database
says that nothing was written (core/versions.py), for five seconds at most. They begin at whole
fives, as everything planned does: at a round's end or at midnight no page of before is left.

This stands before the framework, for waking it costs more than the whole answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from flask import Flask, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_cookie

from app.core.versions import Versions
from app.core.web import languages, pieces
from app.core.web.alike import Alike, of_endpoint
from app.core.web.context import House

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LOOK_EVERY = 0.1  # seconds between two questions to the database, in one process
HOLDS = 5  # seconds of the app's clock
MOST_PAGES = 256  # in a process at once
LONGEST_KEY = 1000
TROUBLE = "strangers.trouble"
Key = tuple[object, ...]
Kept = Future[pieces.Page | None]


def install(app: Flask, *, look_every: float = LOOK_EVERY) -> None:
    """Stand before the application."""
    pieces.install(app)
    app.before_request(_raise_trouble)
    app.wsgi_app = Strangers(app, app.wsgi_app, look_every)  # type: ignore[method-assign, assignment]


class Strangers:
    """Serves what is kept; the application answers everything else."""

    def __init__(self, app: Flask, inner: WSGIApplication, look_every: float) -> None:
        self._app = app
        self._inner = inner
        self._maker = pieces.Maker(app)
        self._view_at = lru_cache(1024)(self._find)
        self._pages = Pages(look_every)

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        key = self._key(environ)
        if key is None:
            return self._inner(environ, start)
        try:
            kept, is_first = self._pages.place(self._app.extensions["house"], key)
        except SQLAlchemyError as error:
            return self._inner(environ | {TROUBLE: error}, start)
        if is_first:
            return self._render(kept, environ, start)
        page = kept.result()
        if page is None:
            return self._inner(environ, start)
        headers, body = self._maker.make(page)
        start("200 OK", headers)
        return [body]

    def _key(self, environ: WSGIEnvironment) -> Key | None:
        """What the answer follows from; None where it may be somebody's own."""
        if environ["REQUEST_METHOD"] != "GET":
            return None
        path, query = environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
        view = self._view_at(path) if len(path) + len(query) <= LONGEST_KEY else None
        if view is None:
            return None
        cookies = parse_cookie(environ["HTTP_COOKIE"]) if "HTTP_COOKIE" in environ else {}
        if self._app.config["SESSION_COOKIE_NAME"] in cookies:
            return None
        # Bytes that are no text stay apart, as they do for the view.
        asked = parse_qsl(query, keep_blank_values=True, errors="surrogateescape") if query else []
        if any(name == "lang" or name in view.personal or "\0" in value for name, value in asked):
            return None
        language = languages.preferred(
            cookies.get(languages.COOKIE), environ.get("HTTP_ACCEPT_LANGUAGE", "")
        )
        used = tuple(pair for pair in asked if pair[0] in view.uses)
        return path, used, language, _came_from(environ) if view.by_referrer else ""

    def _find(self, path: str) -> Alike | None:
        """What the view of an address says of itself."""
        try:
            endpoint, _values = self._app.url_map.bind("").match(path, method="GET")
        except HTTPException:
            return None
        return of_endpoint(self._app, endpoint)

    def _render(
        self, kept: Kept, environ: WSGIEnvironment, start: StartResponse
    ) -> Iterable[bytes]:
        """Let the application answer the first, and keep its page for whoever comes next."""
        notes: dict[str, Any] = {}
        begun: list[tuple[str, pieces.Headers]] = []

        def begin(status: str, headers: pieces.Headers, *more: Any) -> Callable[[bytes], object]:
            begun.append((status, list(headers)))
            return start(status, headers, *more)

        page = None
        try:
            answer = self._inner(environ | {pieces.NOTES: notes}, begin)
            try:
                body = b"".join(answer)
            finally:
                getattr(answer, "close", lambda: None)()
            page = pieces.cut(*begun[-1], body, notes)
        finally:
            kept.set_result(page)
        return [body]


class Pages:
    """The pages of this moment. Whoever asks first for one renders it, the others wait for it."""

    def __init__(self, look_every: float) -> None:
        self._look_every = look_every
        self._lock = Lock()
        self._house: House | None = None
        self._versions: Versions | None = None
        self._version: object = None
        self._looked = 0.0
        self._moment: object = None
        self._kept: dict[Key, Kept] = {}

    def place(self, house: House, key: Key) -> tuple[Kept, bool]:
        """Where a page is or will be kept, and whether to render it; what is over is forgotten.

        The version is read before the page is rendered, so a page is never older than it says.
        """
        with self._lock:
            moment = self._look(house), house.clock().timestamp() // HOLDS
            if moment != self._moment:
                self._moment, self._kept = moment, {}
            if key in self._kept:
                return self._kept[key], False
            kept = Kept()
            if len(self._kept) < MOST_PAGES:
                self._kept[key] = kept
            return kept, True

    def _look(self, house: House) -> object:
        """The version of the database, asked for a few times a second.

        One that does not answer is not asked by each who waited, one after the other.
        """
        if self._versions is None or self._house is not house:
            self._house, self._versions, self._looked = house, Versions(house.db), 0.0
        if time.monotonic() - self._looked >= self._look_every:
            try:
                self._version = self._versions.now()
            except SQLAlchemyError as error:
                self._version = error
            self._looked = time.monotonic()
        if isinstance(self._version, Exception):
            raise self._version
        return self._version


def _came_from(environ: WSGIEnvironment) -> Key | str:
    """The page that linked here, and which site "here" is: views tell their own links apart."""
    referrer = environ.get("HTTP_REFERER", "")[:LONGEST_KEY]
    if not referrer:
        return ""
    return referrer, environ.get("HTTP_HOST"), environ.get("wsgi.url_scheme")


def _raise_trouble() -> None:
    """A database that does not answer is told of at once, and not asked a second time."""
    if TROUBLE in request.environ:
        raise request.environ[TROUBLE]
