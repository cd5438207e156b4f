"""Whose time it is: the machine's, or in a rehearsal the sandbox's."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import requests
import structlog

from app.core.clock import Clock, from_unix, wall_clock
from app.core.settings import STRIPE_API, Settings

FRESH_SECONDS = 0.5
log = structlog.get_logger()


def clock_for(settings: Settings) -> Clock:
    """The clock of this installation; only a development site with a peer of its own rehearses."""
    local = urlsplit(settings.stripe_api_base).hostname in {"localhost", "127.0.0.1", "::1"}
    if settings.app_env == "development" and local and settings.stripe_api_base != STRIPE_API:
        return RehearsalClock(settings.stripe_api_base)
    return wall_clock


class RehearsalClock:
    """The sandbox's time, asked for at most twice a second and carried on in between."""

    def __init__(self, base: str) -> None:
        self._url = f"{base}/sandbox/control/clock"
        self._http = requests.Session()
        self._lock = threading.Lock()
        self._offset = timedelta()
        self._asked = 0.0

    def __call__(self) -> datetime:
        if time.monotonic() - self._asked > FRESH_SECONDS:
            with self._lock:
                if time.monotonic() - self._asked > FRESH_SECONDS:
                    self._ask()
        return wall_clock() + self._offset

    def _ask(self) -> None:
        try:
            headers = {"X-Sandbox-Control": "1"}
            answer = self._http.get(self._url, headers=headers, timeout=2).json()
            self._offset = from_unix(float(answer["now"])) - wall_clock()
        except (requests.RequestException, KeyError, ValueError) as error:
            log.warning("the sandbox's clock does not answer", error=str(error)[:200])
        self._asked = time.monotonic()
