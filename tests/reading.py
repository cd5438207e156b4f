"""A reader without a script: Flask's test client that fills in forms as a browser would."""

from __future__ import annotations

import html
import re
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

TOKEN = re.compile(r'name="csrf_token"[^>]*?value="([^"]+)"')
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
FROM_HERE = {"Origin": "http://localhost"}  # what a browser says of a form on a page of ours


class NoForm(AssertionError):
    """The page that should have a form has no token in it."""


class Reader(FlaskClient):
    """Somebody with a browser: pages by ``get``, forms by ``submit``."""

    def submit(
        self, path: str, data: dict[str, Any] | None = None, *, at: str | None = None, **more: Any
    ) -> TestResponse:
        """Open the page ``at`` (where the form stands; ``path`` itself if not given) and post."""
        page = self.get(at or path)
        found = TOKEN.search(page.text)
        if not found:
            raise NoForm(f"{at or path} answered {page.status_code} and has no form token")
        return self.post(path, data={"csrf_token": found[1], **(data or {})}, **more)


def resent(page: TestResponse) -> list[tuple[str, str]]:
    """The fields that wait in a page to be sent again, in their order, without its token."""
    found = [(name, html.unescape(value)) for name, value in HIDDEN.findall(page.text)]
    return [field for field in found if field[0] != "csrf_token"]
