"""How often something may be tried, counted for all processes together."""

from __future__ import annotations

import threading

import pytest
import time_machine

from app.core.db import Database
from app.core.errors import TooMany, Unavailable
from app.core.limits import Limiter

RULE = "10/5minute"


def test_the_eleventh_try_is_refused_with_the_time_to_wait(db: Database) -> None:
    limiter = Limiter(db)
    for _ in range(10):
        limiter.hit(RULE, "sign-in", "a@example.org")
    with pytest.raises(TooMany) as refused:
        limiter.hit(RULE, "sign-in", "a@example.org")
    assert 1 <= (refused.value.retry_after or 0) <= 300
    limiter.hit(RULE, "sign-in", "b@example.org")


def test_without_redis_nobody_gets_in_unlimited_and_nothing_falls_over(db: Database) -> None:
    limiter = Limiter(db, "redis://127.0.0.1:1/0")
    for tried in (limiter.hit, limiter.take_back, limiter.forgive):
        with pytest.raises(Unavailable) as refused:
            tried(RULE, "sign-in", "a@example.org")
        assert refused.value.retry_after


def test_after_the_window_it_may_be_tried_again(db: Database) -> None:
    limiter = Limiter(db)
    with time_machine.travel("2026-06-10T12:00:00Z", tick=False) as time:
        for _ in range(10):
            limiter.hit(RULE, "key")
        time.shift(301)
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
