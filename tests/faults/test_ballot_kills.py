"""kill -9 of the web server and the worker while 200 people vote: what was confirmed is counted."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from flask import session
from flask_wtf.csrf import generate_csrf

from app import create_app
from app.core.clock import wall_clock
from app.core.db import Database
from app.core.settings import Settings
from app.newsroom import founding
from app.topics import checks, closing
from app.topics.models import Ballot, Round
from tests import factories
from tests.clocks import FixedClock
from tests.faults.harness import Request, Sender, Spree, installed
from tests.topics.scene import Scene

if TYPE_CHECKING:
    from flask import Flask

pytestmark = pytest.mark.slow
VOTERS = 200
KILLS, MORE_KILLS = 30, 300
PACE = 0.1  # seconds between two ballots of one of four connections


@dataclass(frozen=True)
class Vote:
    """A running round, and everybody's ballot as their browser will send it."""

    scene: Scene
    round_id: int
    voters: list[int]
    requests: list[tuple[str, Request]]


@pytest.fixture
def settings(database: str) -> Settings:
    return Settings(
        app_env="test", database_url=database, secret_key="a key for tests only",
        site_url="http://localhost", stripe_secret_key="sk_test_sandbox",
        stripe_webhook_secret=("whsec_test",), stripe_api_base="http://127.0.0.1:1",
        log_level="ERROR",
    )  # fmt: skip


@pytest.fixture
def vote(db: Database, settings: Settings) -> Vote:
    with db.transaction() as opened:
        founding.found(opened, now=wall_clock())
    scene = Scene(db, FixedClock(wall_clock()))
    voters, topics = scene.patrons(VOTERS), scene.topics(4)
    round_id = scene.open_round(topics)
    app = create_app(settings)
    chance = random.Random(VOTERS)
    requests = []
    for voter in voters:
        marks = [topic for topic in topics if chance.random() < 0.5]
        requests.append((str(voter), _ballot(app, db, voter, round_id, marks)))
    app.extensions["house"].db.dispose()
    return Vote(scene, round_id, voters, requests)


def _ballot(app: Flask, db: Database, voter: int, round_id: int, marks: list[int]) -> Request:
    """What the browser of a voter sends: their session, the form's token, their marks.

    The page that they have before them is not rendered: two hundred would take longer than the
    voting.
    """
    with db.transaction() as opened:
        token = factories.sign_in(opened, voter)
    with app.test_request_context():
        form_token, kept = generate_csrf(), session["csrf_token"]
    reader: Any = app.test_client()
    with reader.session_transaction() as cookie:
        cookie.update({"_user_id": token, "csrf_token": kept})
    cookie_text = reader.get_cookie("session").value
    body = urlencode([("csrf_token", form_token), *(("choice", mark) for mark in marks)])
    headers = {
        "Cookie": f"session={cookie_text}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Host": "localhost",
    }
    return f"/rounds/{round_id}/ballot", body.encode(), headers


def test_no_confirmed_ballot_is_lost_and_none_counts_twice_when_processes_are_killed(
    vote: Vote, settings: Settings, db: Database, in_full: bool, engine_name: str
) -> None:
    chance = random.Random(f"ballots/{engine_name}")

    def look() -> None:
        confirmed = {int(name) for name in sender.confirmed}
        with db.reading() as opened:
            mine = sa.select(Ballot.account_id).where(Ballot.round_id == vote.round_id)
            voted = list(opened.scalars(mine))
            broken = {name: rows for name, rows in checks.run(opened, wall_clock()).items() if rows}
        assert broken == {}
        assert len(voted) == len(set(voted))
        assert confirmed <= set(voted)

    with installed(settings, workers=1) as installation:
        sender = Sender(installation.port)
        spree = Spree(installation, MORE_KILLS if in_full else KILLS, look, chance)
        twice = vote.requests + vote.requests[:40]
        with sender.sending(twice, pace=PACE):
            spree.run()
        look()

    assert {"web", "worker-1"} == set(spree.killed)
    assert sender.confirmed == {str(voter) for voter in vote.voters}
    _closes_with_every_ballot(vote, db)


def _closes_with_every_ballot(vote: Vote, db: Database) -> None:
    with db.transaction() as opened:
        closing.close_now(
            opened, round_id=vote.round_id, note={"en": "All have voted."},
            actor_id=vote.scene.editor, now=wall_clock(),
        )  # fmt: skip
    with db.reading() as opened:
        closed = opened.get_one(Round, vote.round_id)
        assert (closed.counted or 0) + (closed.blank or 0) == VOTERS
        assert {n: r for n, r in checks.run(opened, wall_clock()).items() if r} == {}
