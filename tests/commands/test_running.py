"""What `./dev run` starts, tells and stops."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.files import ROOT
from tools.running import House, Refusal, secrets_of, settings_for, welcome

SLEEP = ("timeit", "-n", "1", "-r", "1", "import time; time.sleep(60)")


def test_a_taken_port_is_one_sentence_and_a_failure() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        answer = running(PORT=str(port))

    assert answer.returncode == 1
    assert answer.stderr == f"Port {port} cannot be used (Address already in use): set PORT.\n"


def test_a_port_that_is_no_number_is_one_sentence_and_a_failure() -> None:
    answer = running(PORT="http")

    assert answer.returncode == 1
    assert answer.stderr == "PORT is 'http' and should be a number from 1 to 65535.\n"


def test_everything_is_stopped_at_the_end() -> None:
    port = free_port()
    with House(dict(os.environ)) as house:
        house.start("A server", "http.server", "--bind", "127.0.0.1", str(port))
        house.start("A sleeper", *SLEEP)
        house.wait_for("127.0.0.1", port, "/")
        processes = list(house.running.values())
        assert [process.poll() for process in processes] == [None, None]

    assert None not in [process.poll() for process in processes]


def test_one_that_ends_by_itself_ends_the_whole() -> None:
    with House(dict(os.environ)) as house:
        house.start("A sleeper", *SLEEP)
        house.start("A quitter", "timeit", "-n", "1", "raise SystemExit(3)")
        with pytest.raises(Refusal, match="A quitter has ended by itself"):
            house.watch()


def test_secrets_are_made_once_and_are_nobody_elses(tmp_path: Path) -> None:
    made = secrets_of(tmp_path)

    assert secrets_of(tmp_path) == made
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
    assert len(made["SECRET_KEY"]) >= 32
    assert made["STRIPE_SECRET_KEY"].startswith("sk_test_")


def test_what_is_set_already_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE_URL", "https://desk.example")

    settings = settings_for(8000, 8001)

    assert settings["SITE_URL"] == "https://desk.example"
    assert settings["STRIPE_API_BASE"] == "http://127.0.0.1:8001"
    assert settings["APP_ENV"] == "development"


def test_with_a_key_of_stripes_own_there_is_no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_own")

    settings = settings_for(8000, None)

    assert settings["STRIPE_SECRET_KEY"] == "sk_test_own"
    assert "STRIPE_API_BASE" not in settings
    assert "8001" not in welcome(8000, None, with_demo=False)


def test_the_welcome_names_every_address_and_the_people_of_the_demo() -> None:
    text = welcome(8000, 8001, with_demo=True)

    for word in (
        "http://localhost:8000/", "/admin/", "/dev/mail", "http://localhost:8001/sandbox/",
        "admin@demo.example", "editor@demo.example", "finance@demo.example", "viewer@demo.example",
    ):  # fmt: skip
        assert word in text


def running(**environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "tools" / "running.py")],
        env={"PATH": os.defpath, **environ},
        check=False,
        capture_output=True,
        text=True,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    return number
