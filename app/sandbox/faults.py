"""Faults on demand: the next requests under a path are answered badly, late or not at all."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from app.sandbox.errors import ConnectionCut, RequestFailed

KINDS = (
    "silent", "slow", "refuse", "429", "500", "503", "500_stored", "html200", "half_json",
    "cut_after_execution",
)  # fmt: skip


@dataclass
class Fault:
    """What goes wrong, under which path, for how many requests, for how many seconds."""

    kind: str
    path: str = "/v1/"
    requests: int = 1
    seconds: float = 0.0
    method: str | None = None


class Faults:
    """The faults that are still to happen."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Let it happen to the next requests that match."""
        if fault.kind not in KINDS:
            raise RequestFailed(
                f"No such fault: {fault.kind}; there are {', '.join(KINDS)}.", param="kind"
            )
        if fault.requests < 1 or fault.seconds < 0:
            raise RequestFailed("A fault needs at least one request and no negative time.")
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Let all go well from now on."""
        with self._lock:
            self._faults.clear()

    def left(self) -> list[Fault]:
        """What is still to happen."""
        with self._lock:
            return list(self._faults)

    def take(self, method: str, path: str) -> Fault | None:
        """The fault of this request, used up by it."""
        with self._lock:
            for fault in self._faults:
                if path.startswith(fault.path) and fault.method in (None, method):
                    fault.requests -= 1
                    if fault.requests == 0:
                        self._faults.remove(fault)
                    return fault
        return None


def before(fault: Fault | None) -> None:
    """What happens before the request is looked at; may wait, and may end the connection."""
    if fault is None:
        return
    if fault.kind in ("silent", "slow"):
        time.sleep(fault.seconds)
    if fault.kind in ("silent", "refuse"):
        raise ConnectionCut("the sandbox was told to give no answer")


def canned(fault: Fault | None) -> RequestFailed | None:
    """The error that stands in for the answer, if it is one of those faults."""
    if fault is None or fault.kind not in ("429", "500", "503", "500_stored"):
        return None
    if fault.kind == "429":
        return RequestFailed(
            "Request rate limit exceeded.", status=429, code="rate_limit",
        )  # fmt: skip
    return RequestFailed("An unknown error occurred", status=int(fault.kind[:3]), kind="api_error")
