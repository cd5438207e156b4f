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

FRESH_SECONDS = 0.2  # well within the half second the sandbox gives those who follow it
ON_THE_WAY = timedelta(seconds=1)  # an answer's time on the way must not set the clock back
log = structlog.get_logger()


def clock_for(settings: Settings) -> Clock:
    """The clock of this installation; only a development site with a peer of its own rehearses."""
    local = urlsplit(settings.stripe_api_base).hostname in {"localhost", "127.0.0.1", "::1"}
    if settings.app_env == "development" and local and settings.stripe_api_base != STRIPE_API:
        return RehearsalClock(settings.stripe_api_base)
    return wall_clock


class RehearsalClock:
    """The sandbox's time, asked for a few times a second and carried on in between."""

    def __init__(self, base: str) -> None:
        self._url = f"{base}/sandbox/control/clock"
        self._http = requests.Session()
        self._lock = threading.Lock()
        self._offset = timedelta()
        self._stands_at: datetime | None = None
        self._asked = 0.0

    def __call__(self) -> datetime:
        if time.monotonic() - self._asked > FRESH_SECONDS:
            with self._lock:
                if time.monotonic() - self._asked > FRESH_SECONDS:
                    self._ask()
        return self._stands_at or wall_clock() + self._offset

    def _ask(self) -> None:
        try:
            headers = {"X-Sandbox-Control": "1"}
            answer = self._http.get(self._url, headers=headers, timeout=2).json()
            there = from_unix(float(answer["exact"]))
        except (requests.RequestException, KeyError, ValueError) as error:
            log.warning("the sandbox's clock does not answer", error=str(error)[:200])
        else:
            self._stands_at = there if answer["frozen"] else None
            offset = there - wall_clock()
            if abs(offset - self._offset) > ON_THE_WAY:
                self._offset = offset
        self._asked = time.monotonic()
