"""Where benchmarks run: databases of one engine that keep what they confirm, and real servers."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from app.core.clock import wall_clock
from app.core.db import Database
from app.core.settings import ROOT, Settings
from app.newsroom import founding
from app.ops.migrating import upgrade
from tests import pgtmp

WORKERS, THREADS = 2, 4
START_SECONDS = 60
HOST = "patrons.example"
FOUNDED = "founded"
WEBHOOK_SECRET = "whsec_benchmark"
# Nothing answers there: a question to Stripe fails, and with it the check of the rows.
NOWHERE = "http://127.0.0.1:1"
CLOCK_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Place:
    """One engine, and a folder for what is thrown away afterwards."""

    engine: str
    folder: Path
    server: pgtmp.Server | None
    _made: set[str] = field(default_factory=set)

    def url(self, name: str) -> str:
        """The address of a database."""
        if self.server is not None:
            return self.server.url(name)
        return f"sqlite:///{self.folder / f'{name}.db'}"

    def newsroom(self, name: str) -> str:
        """The address of a new database with a newsroom and nobody in it."""
        if FOUNDED not in self._made:
            self._found()
        return self.copy(FOUNDED, name)

    def copy(self, name: str, to: str) -> str:
        """A new database with the same rows; nobody may be connected to the first."""
        if self.server is not None:
            self.server.execute(f"CREATE DATABASE {to} TEMPLATE {name}", "CHECKPOINT")
        else:
            shutil.copyfile(self.folder / f"{name}.db", self.folder / f"{to}.db")
        return self.url(to)

    def environ(self, url: str) -> dict[str, str]:
        """The environment of an installation in production."""
        return {
            "APP_ENV": "production",
            "DATABASE_URL": url,
            "SECRET_KEY": "a key for benchmarks, of more than 32 letters",
            "SITE_URL": f"https://{HOST}",
            "TRUSTED_PROXIES": "1",
            "STRIPE_SECRET_KEY": "sk_test_benchmark",
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "STRIPE_API_BASE": NOWHERE,
            "MAIL_URL": f"file:{self.folder / 'mail'}",
            "MAIL_FROM": f"desk@{HOST}",
        }

    def settings(self, url: str) -> Settings:
        """The same, as the application reads it."""
        values: dict[str, object] = {k.lower(): v for k, v in self.environ(url).items()}
        return Settings(**values)  # type: ignore[arg-type]

    def _found(self) -> None:
        if self.server is not None:
            self.server.execute(f"CREATE DATABASE {FOUNDED}")
        upgrade(self.url(FOUNDED))
        db = Database(self.url(FOUNDED))
        with db.transaction() as session:
            founding.found(session, now=wall_clock())
        db.dispose()
        self._made.add(FOUNDED)


@dataclass(frozen=True)
class Serving:
    """A server under way."""

    port: int
    workers: list[int]

    def processor_seconds(self) -> float:
        """What its workers used of the processor so far; 0 where the system does not tell."""
        return sum(map(_processor_seconds, self.workers))


@contextmanager
def place(engine: str) -> Iterator[Place]:
    """A place on this engine; raises pgtmp.Unavailable where there is no PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="patron-bench-") as folder:
        if engine == "sqlite":
            yield Place(engine, Path(folder), None)
            return
        with pgtmp.serving(durable=True) as server:
            yield Place(engine, Path(folder), server)


@contextmanager
def serving(
    where: Place, app: str, environ: dict[str, str], *, workers: int = WORKERS
) -> Iterator[Serving]:
    """Serve ``app`` as `flask serve` does, and return when every worker can answer."""
    port = _free_port()
    command = [sys.executable, "-m", "gunicorn", "--no-control-socket", "-k", "gthread"]
    command += ["--workers", str(workers), "--threads", str(THREADS)]
    command += ["--bind", f"127.0.0.1:{port}", "--log-level", "warning"]
    command += ["--config", str(Path(__file__).with_name("gunicorn_ready.py")), app]
    ready = Path(tempfile.mkdtemp(dir=where.folder))
    surroundings = {**os.environ, **environ, "BENCHMARK_READY": str(ready)}
    process = subprocess.Popen(command, cwd=ROOT, env=surroundings)
    try:
        _wait(process, ready, workers)
        yield Serving(port, [int(path.name) for path in ready.iterdir()])
    finally:
        process.terminate()
        process.wait()


def _wait(process: subprocess.Popen[bytes], ready: Path, workers: int) -> None:
    until = time.monotonic() + START_SECONDS
    while len(list(ready.iterdir())) < workers:
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError("the server did not start; its reason stands above")
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _processor_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICK
