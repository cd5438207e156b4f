"""Flask's application, and the little in which ours differs from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Request
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

LARGEST_FORM = 256 * 1024


class HouseRequest(Request):
    """Requests of bounded size; werkzeug answers 413 past it."""

    max_form_memory_size = LARGEST_FORM
    max_form_parts = 300


class Sealing(SecureCookieSessionInterface):
    """Flask's session cookie; what signs it is made once, instead of twice a request."""

    def __init__(self) -> None:
        self._seal: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        if self._seal is None:
            self._seal = super().get_signing_serializer(app)
        return self._seal


class HouseApp(Flask):
    """Our requests and our cookie; no view or hook of ours is asynchronous."""

    request_class = HouseRequest

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(name, **options)
        self.session_interface = Sealing()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func
