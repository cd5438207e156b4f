"""How long we wait for Stripe: a web request for seconds, the worker longer, nobody for ever.

Time-outs of a connection count per address tried and per piece read, so a peer that drips, or a
name that resolves slowly, outlives them. The whole is therefore done in a thread of its own and
left to itself when its time is over; what it may still do at Stripe is found by its key.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


class TookTooLong(Exception):
    """The call was given up; what it did at the other side is not known."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to connect, to the next piece of an answer, and in all; and tries after the first."""

    connect: float
    read: float
    whole: float
    retries: int


WEB = Patience(connect=2, read=5, whole=11, retries=1)
WORKER = Patience(connect=3, read=10, whole=45, retries=2)


def within(seconds: float, call: Callable[[], T]) -> T:
    """The result of the call; raises what it raises, or TookTooLong."""
    outcome: _Outcome[T] = _Outcome()
    thread = threading.Thread(target=outcome.of, args=(call,), daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TookTooLong(f"no whole answer in {seconds:g} s")
    return outcome.value()


class _Outcome(Generic[T]):
    def __init__(self) -> None:
        self._values: list[T] = []
        self._error: BaseException | None = None

    def of(self, call: Callable[[], T]) -> None:
        try:
            self._values.append(call())
        except BaseException as error:
            self._error = error

    def value(self) -> T:
        if self._error is not None:
            raise self._error
        return self._values[0]
