"""The running product of `./dev run`: its processes, their settings, and where a person finds it.

Only the standard library is used, and product code only through its own commands.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VAR = Path(__file__).resolve().parent.parent / "var"
UNFINISHED = VAR / "demo.unfinished"  # a demo that was stopped while it was built
EMPTY_THE_DATABASE = """
from app.core.settings import load_settings
from app.ops.migrating import downgrade
downgrade(load_settings().database_url, "base")
"""
STAFF = ("admin", "editor", "finance", "viewer")
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
START_SECONDS = 60
STOP_SECONDS = 15
HURRY_SECONDS = 1  # a demo half built is thrown away at the next start


class Refusal(Exception):
    """A reason not to go on, said in one sentence."""


def main() -> int:
    """Start everything, say where it is, and stop it all on Ctrl+C."""
    parser = argparse.ArgumentParser(prog="./dev run", allow_abbrev=False)
    parser.add_argument("--empty", action="store_true", help="start without demo data")
    parser.add_argument("--reset", action="store_true", help="start demo and sandbox anew")
    options = parser.parse_args()
    for number in STOPPING:
        signal.signal(number, _interrupt)
    try:
        port = _port("PORT", 8000)
        real = bool(os.environ.get("STRIPE_SECRET_KEY"))
        sandbox_port = None if real else _port("SANDBOX_PORT", port + 1)
        with _only_one_here(), House(settings_for(port, sandbox_port)) as house:
            if options.reset or UNFINISHED.exists():
                house.forget()
            house.open(port, sandbox_port, empty=options.empty)
            with_demo = not (options.empty or real)
            print(welcome(port, sandbox_port, with_demo=with_demo), flush=True)
            house.watch()
    except Refusal as reason:
        print(reason, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
    return 0


class House:
    """The processes, started in order and stopped in the opposite one."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.environ = environ
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> House:
        return self

    def __exit__(self, *_: object) -> None:
        """Stop one after the other, so that none misses what it stands on."""
        for process in reversed(self.running.values()):
            process.terminate()
            try:
                process.wait(HURRY_SECONDS if UNFINISHED.exists() else STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def forget(self) -> None:
        """Throw away the newsroom and the sandbox's books."""
        for path in (*VAR.glob("*.db*"), UNFINISHED):
            path.unlink(missing_ok=True)
        if self.environ.get("DATABASE_URL"):
            self.once("-c", EMPTY_THE_DATABASE)

    def open(self, port: int, sandbox_port: int | None, *, empty: bool) -> None:
        """Start everything, and return when the first page is there and the demo is ordered."""
        if sandbox_port:
            where = ["--port", str(sandbox_port), "--path", str(VAR / "sandbox.db")]
            self.start("The Stripe sandbox", "tests.contract.serve", *where)
        self.start("The web server", "flask", "--app", "wsgi", "serve", "--port", str(port))
        self.wait_for("127.0.0.1", port, "/up")
        if sandbox_port:
            self.wait_for("127.0.0.1", sandbox_port, "/sandbox/")
            self.once("-m", "flask", "--app", "wsgi", "demo", *(["--empty"] if empty else []))
        self.start("The worker", "flask", "--app", "wsgi", "work")

    def once(self, *words: str) -> None:
        """Run Python to its end."""
        command = [sys.executable, *words]
        if subprocess.call(command, env=self.environ, stdout=subprocess.DEVNULL):
            raise Refusal("That failed, so everything is stopped; the reason stands above.")

    def start(self, name: str, *module: str) -> None:
        """Run a module beside this process, in a session of its own: Ctrl+C comes through us."""
        command = [sys.executable, "-m", *module]
        self.running[name] = subprocess.Popen(command, env=self.environ, start_new_session=True)

    def watch(self) -> None:
        """Wait until something has ended."""
        while not (ended := self._ended()):
            time.sleep(0.5)
        raise Refusal(f"{ended} has ended by itself, so everything is stopped.")

    def wait_for(self, host: str, port: int, path: str) -> None:
        """Return when the address answers; raises Refusal when a process ends meanwhile."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if ended := self._ended():
                raise Refusal(f"{ended} did not start; the reason stands above.")
            try:
                with urllib.request.urlopen(f"http://{host}:{port}{path}", timeout=5):  # nosec B310
                    return
            except OSError:
                time.sleep(0.1)
        raise Refusal(f"Port {port} did not answer within {START_SECONDS} seconds.")

    def _ended(self) -> str | None:
        ended = (name for name, process in self.running.items() if process.poll() is not None)
        return next(ended, None)


def settings_for(port: int, sandbox_port: int | None) -> dict[str, str]:
    """What the processes are told; what is set already wins."""
    kept = secrets_of(VAR)
    told = {
        "APP_ENV": "development",
        "SITE_URL": f"http://localhost:{port}",
        "SECRET_KEY": kept["SECRET_KEY"],
        "PYTHONUNBUFFERED": "1",
        "GUNICORN_CMD_ARGS": "--log-level warning",
    }
    if sandbox_port:
        told |= {name: text for name, text in kept.items() if name.startswith("STRIPE_")}
        told["STRIPE_API_BASE"] = f"http://127.0.0.1:{sandbox_port}"
    return told | {name: text for name, text in os.environ.items() if text}


def secrets_of(folder: Path) -> dict[str, str]:
    """Made once for this folder, and readable by its owner only."""
    path = folder / "secrets.json"
    if not path.exists():
        made = {
            "SECRET_KEY": secrets.token_urlsafe(48),
            "STRIPE_SECRET_KEY": f"sk_test_sandbox{secrets.token_hex(12)}",
            "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(16)}",
        }
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(made, file)
    found: dict[str, str] = json.loads(path.read_text())
    return found


def welcome(port: int, sandbox_port: int | None, *, with_demo: bool) -> str:
    site = f"http://localhost:{port}"
    lines = ["", "Patron Desk is running.", "", f"  Readers  {site}/", f"  Staff    {site}/admin/"]
    lines.append(f"  Mail     {site}/dev/mail")
    if sandbox_port:
        lines.append(f"  Stripe   http://localhost:{sandbox_port}/sandbox/")
    if with_demo:
        people = "  ".join(f"{name}@demo.example" for name in STAFF)
        lines += ["", f"  Demo staff sign in at {site}/sign-in:", f"    {people}"]
        lines += ["    Their mails, and the current codes of their second factor, are at Mail."]
    return "\n".join([*lines, "", "  Ctrl+C stops it.", ""])


def _port(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise Refusal(f"{name} is {text!r} and should be a number from 1 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(text)))
        except OSError as error:
            raise Refusal(f"Port {text} cannot be used ({error.strerror}): set {name}.") from None
    return int(text)


@contextmanager
def _only_one_here() -> Iterator[None]:
    VAR.mkdir(mode=0o700, exist_ok=True)
    with open(VAR / "run.lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refusal("Patron Desk already runs from this folder; stop it first.") from None
        yield


def _interrupt(*_: object) -> None:
    """Stop once; a second Ctrl+C must not leave half of it running."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    raise SystemExit(main())
