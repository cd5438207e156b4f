"""A newsroom with so many patrons and one open round, and browsers that are signed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask import session as cookie_session
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import generate_csrf
from sqlalchemy.orm import Session

from app import create_app
from app.accounts import sessions
from app.core.clock import wall_clock
from app.core.db import Database
from app.topics import opening, planning
from tests.benchmarks.places import Place
from tests.factories import make_patron, make_staff, make_topic

TOPICS, WAITING = 8, 12
AT_ONCE = 500  # patrons a transaction


@dataclass(frozen=True)
class Members:
    """Who is there, and what they vote on."""

    accounts: Sequence[int]
    tokens: Sequence[str]
    round_id: int
    topics: Sequence[int]
    on_ballot: Sequence[str]  # their titles
    waiting: Sequence[str]  # titles of topics that wait for another round


@dataclass(frozen=True)
class Browser:
    """What a signed-in browser sends along."""

    cookie: str
    csrf_token: str


def gather(url: str, patrons: int) -> Members:
    """Fill an empty newsroom; everyone is signed in on one browser."""
    db, now = Database(url), wall_clock()
    on_ballot = [f"Who pays for school {number}?" for number in range(1, TOPICS + 1)]
    waiting = [f"Why is bridge {number} closed?" for number in range(1, WAITING + 1)]
    accounts: list[int] = []
    tokens: list[str] = []
    while len(accounts) < patrons:
        with db.transaction() as session:
            for _ in range(min(AT_ONCE, patrons - len(accounts))):
                accounts.append(make_patron(session, now=now - timedelta(days=3)))
                tokens.append(_browser(session, accounts[-1]))
    with db.transaction() as session:
        topics = [make_topic(session, now=now, title=title) for title in on_ballot]
        editor = make_staff(session, now=now, role="editor")
        wanted = planning.Plan(
            question={"en": "What shall we look into?", "uk": "Що нам дослідити?"},
            opens_at=now - timedelta(days=1),
            closes_at=now + timedelta(days=7),
            late_joiners=True,
            topics=topics,
        )
        round_id = planning.plan(session, wanted, actor_id=editor, now=now)
        opening.open_now(session, round_id=round_id, actor_id=editor, now=now)
        for title in waiting:
            make_topic(session, now=now, title=title)
    db.dispose()
    return Members(accounts, tokens, round_id, topics, on_ballot, waiting)


def browsers(place: Place, url: str, tokens: Sequence[str]) -> list[Browser]:
    """The cookies and form tokens of people who were signed in."""
    app = create_app(place.settings(url))
    seal = SecureCookieSessionInterface().get_signing_serializer(app)
    assert seal is not None
    made = []
    for token in tokens:
        with app.test_request_context():
            csrf_token = generate_csrf()
            kept = {"_user_id": token, "_fresh": True, "csrf_token": cookie_session["csrf_token"]}
        name = app.config["SESSION_COOKIE_NAME"]
        made.append(Browser(f"{name}={seal.dumps(kept)}", csrf_token))
    app.extensions["house"].db.dispose()
    return made


def _browser(session: Session, account_id: int) -> str:
    return sessions.open_session(
        session, account_id=account_id, device="A benchmark", wall=wall_clock()
    )
