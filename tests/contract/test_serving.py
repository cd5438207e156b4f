"""The sandbox as ``./dev run`` serves it: wrapped in the check, which says what it finds."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "tests.contract.serve", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--path", str(tmp_path / "sandbox.db")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    address = re.search(r"http://\S+:\d+", first)
    assert address is not None, first
    yield process, address[0]
    if process.poll() is None:
        process.kill()
    process.communicate(timeout=10)


def get(address: str) -> tuple[int, Any]:
    request = Request(address, headers={"Authorization": "Bearer sk_test_x"})
    try:
        with urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error)


def test_it_checks_what_it_serves_and_says_so_when_it_stops(
    served: tuple[subprocess.Popen[str], str],
) -> None:
    process, address = served

    status, page = get(f"{address}/v1/customers?limit=3")
    wrong, _ = get(f"{address}/v1/customers?colour=blue")
    get(f"{address}/v1/customers?colour=blue")
    _, counts = get(f"{address}/sandbox/contract")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)

    assert (status, page["data"], wrong) == (200, [], 400)
    assert counts["requests"] == 3
    assert counts["found"] == ["request GET /v1/customers colour: unknown parameter"]
    assert err.count("contract: request GET /v1/customers colour: unknown parameter") == 1
    assert "contract: 3 requests" in out
    assert process.returncode == 0


def test_it_refuses_to_serve_other_machines(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.contract.serve", "--host", "0.0.0.0", "--port", "0"]
    done = subprocess.run(
        [*command, "--path", str(tmp_path / "sandbox.db")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == 1
    assert "this machine only" in done.stderr
