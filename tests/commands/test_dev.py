"""`./dev` itself: what it says to words that it does not know."""

from __future__ import annotations

import subprocess
import sys

from tests.architecture.files import ROOT


def test_without_a_command_every_command_is_listed() -> None:
    answer = dev()

    assert answer.returncode == 0
    for name in ("run", "test", "check", "lock", "vendor", "shots", "bench", "stripe-live"):
        assert f"./dev {name}" in answer.stdout


def test_an_unknown_command_is_answered_with_the_list() -> None:
    answer = dev("nonsense")

    assert answer.returncode == 2
    assert "./dev run" in answer.stderr


def test_a_word_too_many_is_refused_in_one_sentence() -> None:
    answer = dev("check", "everything")

    assert answer.returncode == 1
    assert answer.stderr == "`./dev check` takes nothing more, and got: everything\n"


def test_a_live_key_is_refused_for_rehearsals() -> None:
    answer = dev("stripe-live", STRIPE_SECRET_KEY="sk_live_1")

    assert answer.returncode == 1
    assert "test key" in answer.stderr
    assert "sk_live_1" not in answer.stderr


def dev(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "dev"), *words],
        env={"PATH": "/usr/bin:/bin", **environ},
        check=False,
        capture_output=True,
        text=True,
    )
