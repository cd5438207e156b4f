"""The load: a process of its own that keeps connections busy and writes down every wait.

It is started as a file, knows nothing of the product, and speaks to its parent in pickles: a
``Plan`` on stdin, a ``Log`` on stdout.
"""

from __future__ import annotations

import pickle
import re
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE = 60  # seconds without a single answer
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
MOST_KEPT = 3
HEAD_START = 0.3  # seconds from the last start of a process to the first request


@dataclass(frozen=True)
class Plan:
    """What one process sends: for each connection its requests, one after the other."""

    port: int
    requests: list[list[bytes]]
    status: int  # what every answer must have
    start_at: float  # time.time()


@dataclass
class Log:
    """What became of it."""

    began: float = 0.0
    ended: float = 0.0
    waits: list[float] = field(default_factory=list)  # seconds from request to whole answer
    wrong: list[bytes] = field(default_factory=list)  # the first answers of another status
    last: bytes = b""


@dataclass(frozen=True)
class Run:
    """One load, put together from its processes."""

    seconds: float
    waits: list[float]
    last: bytes

    @property
    def rate(self) -> float:
        return len(self.waits) / self.seconds


class Failed(Exception):
    """The load could not be carried out, or was not answered as it had to be."""


def send(port: int, requests: Sequence[list[bytes]], *, status: int, processes: int = 1) -> Run:
    """Send each list of requests over a connection of its own; raises Failed."""
    start_at = time.time() + HEAD_START
    shares = [list(requests[place::processes]) for place in range(processes)]
    started = [_start(Plan(port, share, status, start_at)) for share in shares if share]
    logs = [_log(process) for process in started]
    wrong = [answer for log in logs for answer in log.wrong]
    if wrong:
        raise Failed(f"answered otherwise than {status}: {wrong[0][:600].decode(errors='replace')}")
    waits = [wait for log in logs for wait in log.waits]
    seconds = max(log.ended for log in logs) - min(log.began for log in logs)
    return Run(seconds, waits, logs[-1].last)


def _start(plan: Plan) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-I", str(Path(__file__).resolve())]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(pickle.dumps((plan.port, plan.requests, plan.status, plan.start_at)))
    process.stdin.close()
    return process


def _log(process: subprocess.Popen[bytes]) -> Log:
    assert process.stdout is not None
    said = process.stdout.read()
    process.stdout.close()
    if process.wait() != 0:
        raise Failed("a process of the load ended early; its reason stands above")
    began, ended, waits, wrong, last = pickle.loads(said)
    return Log(began, ended, waits, wrong, last)


class _Connection:
    """One keep-alive connection with a request under way."""

    def __init__(self, port: int, requests: list[bytes]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answer = b""
        self.sent_at = 0.0
        self._waiting: Iterator[bytes] = iter(requests)

    def send_next(self) -> bool:
        """Send the next request; False where there is none."""
        request = next(self._waiting, None)
        if request is None:
            return False
        self.answer = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)
        return True

    def receive(self) -> bool:
        """Read what is there; True once the answer is whole."""
        part = self.socket.recv(262_144)
        if not part:
            raise ConnectionError(f"closed in the middle of an answer: {self.answer[:200]!r}")
        self.answer += part
        head = self.answer.find(b"\r\n\r\n")
        if head < 0:
            return False
        length = LENGTH.search(self.answer, 0, head + 2)
        return length is not None and len(self.answer) >= head + 4 + int(length[1])


def drive(plan: Plan) -> Log:
    """Keep every connection busy until its requests are through."""
    log, expected = Log(), b"HTTP/1.1 %d " % plan.status
    with selectors.DefaultSelector() as waiting:
        connections = [_Connection(plan.port, requests) for requests in plan.requests]
        time.sleep(max(0.0, plan.start_at - time.time()))
        log.began = time.time()
        for connection in connections:
            if connection.send_next():
                waiting.register(connection.socket, selectors.EVENT_READ, connection)
        while waiting.get_map():
            for key, _ in waiting.select(PATIENCE) or _silence():
                connection = key.data
                if not connection.receive():
                    continue
                log.waits.append(time.perf_counter() - connection.sent_at)
                if not connection.answer.startswith(expected) and len(log.wrong) < MOST_KEPT:
                    log.wrong.append(connection.answer)
                log.last = connection.answer
                if not connection.send_next():
                    waiting.unregister(connection.socket)
        log.ended = time.time()
        for connection in connections:
            connection.socket.close()
    return log


def _silence() -> list[tuple[selectors.SelectorKey, int]]:
    raise TimeoutError(f"no answer for {PATIENCE} s")


if __name__ == "__main__":
    kept = drive(Plan(*pickle.load(sys.stdin.buffer)))
    pickle.dump((kept.began, kept.ended, kept.waits, kept.wrong, kept.last), sys.stdout.buffer)
