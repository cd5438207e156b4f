"""A page cut at what has to be new for everyone: form token, single-use key, session cookie.

They are made here as Flask and Flask-WTF make them, for those make them only within a request,
which takes four times as long.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, g, request, session
from itsdangerous import URLSafeTimedSerializer

from app.core.forms import new_single_use_key
from app.core.web.application import Sealing

Headers = list[tuple[str, str]]
LARGEST = 128 * 1024
OWN_HEADERS = ("content-length", "set-cookie", "date")
NOTES = "pieces.notes"  # where in a request's environment the application notes what was new
TOKEN, KEY = b"\x00token", b"\x00key"  # stand between the pieces; no page has a NUL


@dataclass(frozen=True, slots=True)
class Page:
    """A rendered page without what is new for everyone."""

    pieces: tuple[bytes, ...]
    headers: Headers
    cookie: tuple[str, str] | None
    """the session's Set-Cookie before and after its value; None where the page has no form"""


def install(app: Flask) -> None:
    """Note of each answer that may be kept what was made for its reader alone."""
    app.after_request(_note)


def cut(status: str, headers: Headers, body: bytes, notes: dict[str, Any]) -> Page | None:
    """The page in pieces; None for what is no whole page, or has something of one reader in it."""
    whole = status == "200 OK" and len(body) <= LARGEST and b"\x00" not in body
    cookies = [value for name, value in headers if name.lower() == "set-cookie"]
    if not whole or notes.get("session", ...) not in ([], ["csrf_token"]):
        return None
    if len(cookies) != len(notes["session"]):
        return None
    new = {notes["token"]: TOKEN, **dict.fromkeys(notes["keys"], KEY)}
    marks = {text.encode(): mark for text, mark in new.items() if text}
    if not all(text in body for text in marks):
        return None
    kept = [(name, value) for name, value in headers if name.lower() not in OWN_HEADERS]
    return Page(_split(body, marks), kept, _around(cookies[0]) if cookies else None)


class Maker:
    """Puts pages together again with what is new in them."""

    def __init__(self, app: Flask) -> None:
        self._tokens = URLSafeTimedSerializer(str(app.secret_key), salt="wtf-csrf-token")
        self._seal = Sealing().get_signing_serializer(app)

    def make(self, page: Page) -> tuple[Headers, bytes]:
        """The headers and the body for one reader."""
        new, headers = {}, list(page.headers)
        if page.cookie is not None and self._seal is not None:
            secret = secrets.token_hex(20)
            new[TOKEN] = str(self._tokens.dumps(secret)).encode()
            before, after = page.cookie
            sealed = self._seal.dumps({"csrf_token": secret})
            headers.append(("Set-Cookie", f"{before}{sealed}{after}"))
        if KEY in page.pieces:
            new[KEY] = new_single_use_key().encode()
        body = b"".join([new.get(piece, piece) for piece in page.pieces] if new else page.pieces)
        headers.append(("Content-Length", str(len(body))))
        return headers, body


def _note(response: Response) -> Response:
    notes = request.environ.get(NOTES)
    if notes is not None:
        notes.update(
            session=list(session), token=g.get("csrf_token"), keys=g.get("single_use_keys", [])
        )
    return response


def _split(body: bytes, marks: dict[bytes, bytes]) -> tuple[bytes, ...]:
    if not marks:
        return (body,)
    parts: Sequence[bytes] = re.split(b"(" + b"|".join(map(re.escape, marks)) + b")", body)
    return tuple(marks.get(part, part) for part in parts)


def _around(cookie: str) -> tuple[str, str]:
    """A Set-Cookie before and after its value."""
    name, _, rest = cookie.partition("=")
    _value, _, attributes = rest.partition(";")
    return f"{name}=", f";{attributes}"
