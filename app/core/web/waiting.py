"""What was typed and could not be taken waits in the answer, to be sent again as it was.

Nothing is kept for it: no row, no cookie. Codes do not wait, for they are typed anew.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import g, request
from werkzeug.exceptions import HTTPException

from app.core.web.access import safe_target

Fields = list[tuple[str, str]]
SECRETS = ("csrf_token", "code")  # how the names end of what is not given back


def typed() -> Fields | None:
    """The fields that were sent; None where no form of ours was.

    Another site may not have a reader send, at one press, what that site filled in.
    """
    if request.method != "POST" or not (g.get("csrf_valid") or _came_from_here()):
        return None
    try:
        return [
            (name, value)
            for name, value in request.form.items(multi=True)
            if name.rpartition("-")[2] not in SECRETS
        ]
    except HTTPException:  # more than is taken at once
        return None


def page_before() -> str:
    """The path of the page of ours that led here, if another one did; else ""."""
    if not _is_ours(request.referrer or ""):
        return ""
    before = urlsplit(request.referrer or "")
    address = before.path + (f"?{before.query}" if before.query else "")
    return "" if before.path == request.path else safe_target(address, "")


def _came_from_here() -> bool:
    """Whether the browser says that a page of ours sent this."""
    return _is_ours(request.headers.get("Origin") or request.referrer or "")


def _is_ours(address: str) -> bool:
    try:
        return urlsplit(address).netloc == request.host
    except ValueError:
        return False
