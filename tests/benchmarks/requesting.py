"""Requests as bytes, as a proxy with TLS in front would pass them on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from tests.benchmarks.places import HOST

BROWSER = {
    "Host": HOST,
    "X-Forwarded-For": "203.0.113.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": HOST,
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) benchmark",
    "Accept-Language": "en",
}


def get(path: str) -> bytes:
    """A page, by somebody who is not signed in."""
    return _bytes("GET", path, BROWSER, b"")


def post_form(path: str, fields: Sequence[tuple[str, str]], *, cookie: str = "") -> bytes:
    """A form, sent from one of our own pages."""
    form = {"Content-Type": "application/x-www-form-urlencoded", "Referer": f"https://{HOST}{path}"}
    headers = BROWSER | form | ({"Cookie": cookie} if cookie else {})
    return _bytes("POST", path, headers, urlencode(fields).encode())


def post_json(path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """What a machine sends."""
    own = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Stripe/1.0"}
    return _bytes("POST", path, {**BROWSER, **own, **headers}, body)


def spread(requests: Sequence[bytes], connections: int) -> list[list[bytes]]:
    """Requests for each connection, in turns."""
    return [list(requests[place::connections]) for place in range(connections)]


def _bytes(method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body
