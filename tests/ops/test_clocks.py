"""Whose time the product keeps in a rehearsal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

import pytest

from app.core.clock import from_unix, wall_clock
from app.core.settings import STRIPE_API, Settings
from app.ops import clocks
from app.ops.clocks import RehearsalClock, clock_for
from app.sandbox import Server, WiredSandbox, create_sandbox, serve


@pytest.fixture
def sandbox() -> Iterator[WiredSandbox]:
    sandbox = create_sandbox(":memory:")
    yield sandbox
    sandbox.close()


@pytest.fixture
def server(sandbox: WiredSandbox) -> Iterator[Server]:
    server = serve(sandbox)
    yield server
    server.stop()


@pytest.fixture
def clock(server: Server, monkeypatch: pytest.MonkeyPatch) -> RehearsalClock:
    monkeypatch.setattr(clocks, "FRESH_SECONDS", 0.0)
    return RehearsalClock(server.url)


@pytest.mark.parametrize(
    ("app_env", "stripe", "rehearses"),
    [
        ("development", "http://127.0.0.1:8001", True),
        ("development", STRIPE_API, False),
        ("test", "http://127.0.0.1:8001", False),
    ],
)
def test_only_a_development_site_with_a_peer_of_its_own_rehearses(
    app_env: Literal["development", "test"], stripe: str, rehearses: bool
) -> None:
    asked = Settings.model_construct(app_env=app_env, stripe_api_base=stripe)

    assert isinstance(clock_for(asked), RehearsalClock) is rehearses


def test_it_never_goes_back_while_time_runs(clock: RehearsalClock) -> None:
    read = []
    until = time.monotonic() + 1.2  # over the end of a second
    while time.monotonic() < until:
        read.append(clock())

    assert read == sorted(read)


def test_it_goes_with_the_sandbox_when_that_is_moved(
    clock: RehearsalClock, sandbox: WiredSandbox
) -> None:
    sandbox.advance(seconds=30 * 86_400)

    ahead = clock() - wall_clock()
    assert timedelta(days=30) - timedelta(seconds=5) < ahead <= timedelta(days=30)


def test_it_stands_while_the_sandbox_stands(clock: RehearsalClock, sandbox: WiredSandbox) -> None:
    moment = sandbox.now() + 3600
    sandbox.freeze(moment)

    assert {clock(), clock()} == {from_unix(moment)}


def test_it_runs_on_while_the_sandbox_does_not_answer(
    clock: RehearsalClock, sandbox: WiredSandbox, server: Server
) -> None:
    sandbox.advance(seconds=3600)
    before = clock()
    server.stop()

    assert before <= clock() < before + timedelta(seconds=60)
