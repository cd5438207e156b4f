"""A stranger's first minute: a fresh copy in a private folder, an empty home, and Python."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.architecture.files import ROOT, ours
from tests.commands.test_running import free_port

FIRST_PAGE_SECONDS = 30
STOP_SECONDS = 30

pytestmark = pytest.mark.long


def test_a_fresh_copy_serves_its_first_page_in_half_a_minute(tmp_path: Path) -> None:
    project, home = fresh_copy(tmp_path)
    port, began = free_port(), time.monotonic()

    with running(project, home, port, "--empty"):
        page = first_page(port)
        seconds = time.monotonic() - began

    assert "csrf_token" in page or "<main" in page
    assert seconds < FIRST_PAGE_SECONDS
    assert list(home.iterdir()) == []


def test_what_a_first_run_made_a_second_finds(tmp_path: Path) -> None:
    project, home = fresh_copy(tmp_path)
    port = free_port()
    with running(project, home, port, "--empty"):
        first_page(port)
    secrets, database = project / "var" / "secrets.json", project / "var" / "patron-desk.db"
    before = (secrets.read_text(), database.stat().st_ino)

    began = time.monotonic()
    with running(project, home, port, "--empty"):
        first_page(port)
        seconds = time.monotonic() - began

    assert (secrets.read_text(), database.stat().st_ino) == before
    assert seconds < FIRST_PAGE_SECONDS / 2


def fresh_copy(folder: Path) -> tuple[Path, Path]:
    """What a clone has, in a folder that only its owner may enter; and an empty home."""
    project, home = folder / "project", folder / "home"
    for path in (project, home):
        path.mkdir(mode=0o700)
    for source in ours():
        target = project / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
    return project, home


@contextmanager
def running(project: Path, home: Path, port: int, *words: str) -> Iterator[None]:
    environ = {**os.environ, "HOME": str(home), "PORT": str(port), "SANDBOX_PORT": str(free_port())}
    environ.pop("VIRTUAL_ENV", None)
    python = Path(sys.base_prefix) / "bin" / "python3"
    process = subprocess.Popen([python, project / "dev", "run", *words], env=environ)
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(STOP_SECONDS) == 0


def first_page(port: int) -> str:
    until = time.monotonic() + 4 * FIRST_PAGE_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"http://localhost:{port}/", timeout=10) as answer:
                return str(answer.read().decode())
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
