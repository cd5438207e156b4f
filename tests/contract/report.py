"""Count what was checked and keep what was found, for one process."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any

from tests.contract.contract import Contract
from tests.contract.shapes import Finding

COUNTED = ("requests", "objects", "events", "findings")


class Report:
    """What the contract check saw: how many requests, objects and events, and every finding.

    Requests come in from threads of their own, so everything is counted under a lock.
    """

    def __init__(self) -> None:
        self.contract = Contract()
        self.requests = 0
        self.objects = 0
        self.events = 0
        self.findings: list[Finding] = []
        self._lock = Lock()
        self._wrong_requests_are_meant = 0

    def saw_request(self, method: str, path: str, params: Mapping[str, Any]) -> None:
        """Check a request that was sent."""
        found = self.contract.check_request(method, path, params)
        with self._lock:
            self.requests += 1
            if not self._wrong_requests_are_meant:
                self.keep(found)

    def saw_answer(self, method: str, path: str, status: int, body: Any) -> None:
        """Check the JSON that answered a request."""
        checked = self.contract.check_answer(method, path, status, body)
        with self._lock:
            self.objects += checked.objects
            self.keep(checked.findings)

    def saw_event(self, payload: bytes | str) -> None:
        """Check the body of a webhook, as it is delivered."""
        try:
            event = json.loads(payload)
        except ValueError:
            self.note([Finding("event", "webhook", f"no JSON: {payload!r:.60}")])
            return
        checked = self.contract.check_event(event)
        with self._lock:
            self.events += 1
            self.objects += checked.objects
            self.keep(checked.findings)

    def note(self, findings: Iterable[Finding]) -> None:
        """Take in findings that were made elsewhere."""
        with self._lock:
            self.keep(findings)

    def keep(self, findings: Iterable[Finding]) -> None:
        """Keep findings; the lock is held. A report of another kind may say them too."""
        self.findings += findings

    @contextmanager
    def wrong_requests_meant(self) -> Iterator[None]:
        """For tests that send wrong requests to see them refused: these are no findings."""
        with self._lock:
            self._wrong_requests_are_meant += 1
        try:
            yield
        finally:
            with self._lock:
                self._wrong_requests_are_meant -= 1

    def counts(self) -> dict[str, int]:
        """How many requests, objects and events were checked, and how many findings made."""
        with self._lock:
            return {
                "requests": self.requests,
                "objects": self.objects,
                "events": self.events,
                "findings": len(self.findings),
            }


def summary(counts: Mapping[str, int]) -> str:
    """The counts in one line."""
    return (
        f"contract: {counts['requests']} requests, {counts['objects']} objects, "
        f"{counts['events']} events checked, {counts['findings']} findings"
    )
