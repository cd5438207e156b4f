"""One installation as real processes on this machine, which a test kills and starts at will.

``Installation`` runs a web server and workers on a database; ``Spree`` kills one of them again and
again, looks at the database each time, and starts it anew; ``Sender`` sends requests as Stripe
does: until each was answered with 2xx.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from app.core.settings import Settings

START_SECONDS = 30
ANSWER_SECONDS = 20
PAUSE = (0.02, 0.25)  # seconds between a start and the next kill
Request = tuple[str, bytes, dict[str, str]]  # path, body, headers


class Installation:
    """The processes of one installation, by name: "web", and "worker-1" and so on."""

    def __init__(self, settings: Settings) -> None:
        self.port = _free_port()
        self._settings = settings.model_dump(mode="json")
        self._pids: dict[str, int] = {}
        self._hatchery = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.hatchery"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    @property
    def names(self) -> list[str]:
        return sorted(self._pids)

    def start(self, name: str) -> None:
        """Start a process, and wait until a web server answers."""
        kind = "web" if name == "web" else "worker"
        asked = {"kind": kind, "settings": self._settings, "port": self.port}
        assert self._hatchery.stdin is not None
        assert self._hatchery.stdout is not None
        self._hatchery.stdin.write(json.dumps(asked) + "\n")
        self._hatchery.stdin.flush()
        self._pids[name] = int(self._hatchery.stdout.readline())
        if kind == "web":
            _wait_until(lambda: _listens(self.port), START_SECONDS, "the web server does not start")

    def kill(self, name: str) -> None:
        """kill -9, and wait until the process is no more."""
        pid = self._pids.pop(name)
        os.kill(pid, signal.SIGKILL)
        _wait_until(lambda: not _lives(pid), START_SECONDS, f"{name} does not die")

    def stop(self) -> None:
        """End everything."""
        for name in self.names:
            self.kill(name)
        self._hatchery.kill()
        self._hatchery.communicate()


@contextmanager
def installed(settings: Settings, *, workers: int = 2) -> Iterator[Installation]:
    """A web server and workers; ended at the end, come what may."""
    installation = Installation(settings)
    try:
        for name in ("web", *(f"worker-{number + 1}" for number in range(workers))):
            installation.start(name)
        yield installation
    finally:
        installation.stop()


@dataclass
class Spree:
    """Kills random processes of an installation, and looks after each kill.

    ``look`` raises or asserts where a promise is broken; what it found is raised by ``run``.
    """

    installation: Installation
    kills: int
    look: Callable[[], None]
    chance: random.Random
    killed: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Kill so often, then leave everything running."""
        for _ in range(self.kills):
            time.sleep(self.chance.uniform(*PAUSE))
            victim = self.chance.choice(self.installation.names)
            self.installation.kill(victim)
            self.killed.append(victim)
            self.look()
            self.installation.start(victim)


class Sender:
    """Sends requests from several connections until each was confirmed, as Stripe does."""

    def __init__(self, port: int, *, threads: int = 4) -> None:
        self._port, self._threads = port, threads
        self._lock = threading.Lock()
        self._confirmed: set[str] = set()
        self._stopped = threading.Event()
        self._hurrying = threading.Event()

    @property
    def confirmed(self) -> set[str]:
        """The names of the requests that were answered with 2xx so far."""
        with self._lock:
            return set(self._confirmed)

    def send_all(self, requests: Iterable[tuple[str, Request]], *, pace: float = 0.0) -> None:
        """Send each by its name, with seconds between two of one connection."""
        with ThreadPoolExecutor(self._threads) as pool:
            for sent in [pool.submit(self._send, name, one, pace) for name, one in requests]:
                sent.result()

    @contextmanager
    def sending(
        self, requests: Iterable[tuple[str, Request]], *, pace: float = 0.0
    ) -> Iterator[None]:
        """Send them meanwhile, the rest without a pause; what went wrong is raised."""
        with ThreadPoolExecutor(1) as pool:
            sent = pool.submit(self.send_all, requests, pace=pace)
            try:
                yield
            except BaseException:
                self._stopped.set()
                raise
            finally:
                self._hurrying.set()
            sent.result()

    def _send(self, name: str, request: Request, pace: float) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._stopped.is_set() and not self._try(request):
            assert time.monotonic() < deadline, f"{name} was never taken"
            time.sleep(0.02)
        if not self._stopped.is_set():
            with self._lock:
                self._confirmed.add(name)
            self._hurrying.wait(pace)

    def _try(self, request: Request) -> bool:
        path, body, headers = request
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_SECONDS)
        try:
            connection.request("POST", path, body, headers)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return False  # killed in the middle: whether it was kept is not known
        finally:
            connection.close()
        assert status < 400 or status == 503, f"{path} was answered with {status}"
        return status < 400


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _wait_until(is_so: Callable[[], bool], seconds: float, else_say: str) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, else_say
        time.sleep(0.005)
