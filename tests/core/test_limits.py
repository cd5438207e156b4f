"""How often something may be tried, counted for all processes together."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import replace

import pytest
import time_machine
from flask import Flask
from structlog.testing import capture_logs

from app.core import limits
from app.core.db import Database
from app.core.errors import TooMany
from app.core.limits import Limiter
from tests.accounts.door import Door
from tests.clocks import FixedClock

RULE = "10/5minute"


def test_the_eleventh_try_is_refused_with_the_time_to_wait(db: Database) -> None:
    limiter = Limiter(db)
    for _ in range(10):
        limiter.hit(RULE, "sign-in", "a@example.org")
    with pytest.raises(TooMany) as refused:
        limiter.hit(RULE, "sign-in", "a@example.org")
    assert 1 <= (refused.value.retry_after or 0) <= 300
    limiter.hit(RULE, "sign-in", "b@example.org")


def test_while_redis_is_away_the_database_counts_and_one_line_tells(db: Database) -> None:
    limiter = Limiter(db, "redis://127.0.0.1:1/0")
    with capture_logs() as told:
        limiter.forgive(RULE, "sign-in", "a@example.org")
        for _ in range(10):
            limiter.hit(RULE, "sign-in", "a@example.org")
        limiter.take_back(RULE, "sign-in", "a@example.org")
        limiter.hit(RULE, "sign-in", "a@example.org")
        with pytest.raises(TooMany):
            limiter.hit(RULE, "sign-in", "a@example.org")
    assert [line["event"] for line in told] == [
        "Redis does not answer: limits are counted here meanwhile"
    ]


def test_a_redis_that_is_silent_holds_nobody_up_and_is_asked_again_later(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REDIS_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        limiter = Limiter(db, f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        began = time.monotonic()
        with capture_logs() as told:
            limiter.hit(RULE, "key")
            limiter.hit(RULE, "key")
            monkeypatch.setattr(limiter, "_rests_until", 0)
            limiter.hit(RULE, "key")
    assert len(told) == 2
    assert time.monotonic() - began < 5


def test_a_reader_signs_in_while_redis_is_away(app: Flask, clock: FixedClock) -> None:
    door = Door(app, clock)
    door.found()
    door.person()
    house = app.extensions["house"]
    app.extensions["house"] = replace(house, limiter=Limiter(house.db, "redis://127.0.0.1:1/0"))
    reader = door.let_in(door.browser())
    assert reader.get("/account").status_code == 200


def test_after_the_window_it_may_be_tried_again(db: Database) -> None:
    limiter = Limiter(db)
    with time_machine.travel("2026-06-10T12:00:00Z", tick=False) as moment:
        for _ in range(10):
            limiter.hit(RULE, "key")
        moment.shift(301)
        limiter.hit(RULE, "key")


def test_the_right_answer_forgives_the_wrong_ones(db: Database) -> None:
    limiter = Limiter(db)
    for _ in range(10):
        limiter.hit(RULE, "key")
    limiter.forgive(RULE, "key")
    limiter.hit(RULE, "key")


def test_a_right_answer_is_not_counted_as_a_try(db: Database) -> None:
    limiter = Limiter(db)
    for _ in range(9):
        limiter.hit(RULE, "key")
    for _ in range(3):
        limiter.hit(RULE, "key")
        limiter.take_back(RULE, "key")
    limiter.hit(RULE, "key")
    with pytest.raises(TooMany):
        limiter.hit(RULE, "key")


def test_taking_back_what_was_never_counted_gives_no_more_tries(db: Database) -> None:
    limiter = Limiter(db)
    limiter.take_back(RULE, "key")
    limiter.take_back(RULE, "key")
    for _ in range(10):
        limiter.hit(RULE, "key")
    with pytest.raises(TooMany):
        limiter.hit(RULE, "key")


def test_forty_tries_at_once_let_ten_through(db: Database) -> None:
    let: list[bool] = []

    def attempt() -> None:
        try:
            Limiter(db).hit(RULE, "key")
        except TooMany:
            let.append(False)
        else:
            let.append(True)

    threads = [threading.Thread(target=attempt) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert let.count(True) == 10
    assert len(let) == 40
