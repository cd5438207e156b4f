"""Who may post to the sandbox's pages: only a form that a page of its own has shown."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from werkzeug.wrappers import Request

SAME_SITE = frozenset({"same-origin", "none"})


class FormTokens:
    """Tokens that tie a form to what it is about; a restart makes the old ones worthless."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def of(self, subject: str) -> str:
        """The token of all forms about this subject."""
        return hmac.new(self._key, subject.encode(), hashlib.sha256).hexdigest()[:32]

    def fits(self, subject: str, token: str) -> bool:
        """Whether a form about this subject was ours."""
        return hmac.compare_digest(self.of(subject).encode(), token.encode())


def comes_from_elsewhere(request: Request) -> bool:
    """Whether the browser says that another site sent this."""
    if request.headers.get("Sec-Fetch-Site", "none") not in SAME_SITE:
        return True
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc != request.host
