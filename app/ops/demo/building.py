"""Building the demo newsroom: a job of the worker, behind the first page.

Everything runs through the domain's verbs and the inbox, on the sandbox's clock; what is random is
random by the seed, so the same day gives the same newsroom.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from app.accounts import people, staffing
from app.core import jobs, progress
from app.core.clock import wall_clock
from app.core.db import Database
from app.core.jobs import Work
from app.core.settings import ROOT, STRIPE_API, Settings
from app.newsroom import changing
from app.newsroom import queries as newsroom
from app.ops.demo import rounds
from app.ops.demo.lives import DAYS, Act, plan
from app.ops.demo.patrons import Patrons
from app.ops.demo.rounds import Played
from app.ops.demo.stage import Stage
from app.payments.events import SUBSCRIBED
from app.topics.models import Round

NAME = "demo"
SEED = 7
GOAL = 310_000  # cents a month
STAFF = ("admin", "editor", "finance", "viewer")
LISTENS_EVERY = 3  # days between looks at what Stripe told, where nobody votes meanwhile
CHORES_EVERY = 84  # days between the worker's own work, where nobody waits for it
LATELY = 9  # days before today in which both are done every day, and mails are written
# Of the periodic work what today's pages show; the rest the worker does when the demo is whole.
PERIODIC = ("payments.collect_fees", "membership.lapse", "membership.remind")
UNFINISHED = ROOT / "var" / "demo.unfinished"  # a start that finds it begins anew
log = structlog.get_logger()


class NotARehearsal(RuntimeError):
    """The demo is for development beside a sandbox: STRIPE_API_BASE is on loopback there."""


def ask(db: Database, settings: Settings, *, seed: int, empty: bool = False) -> bool:
    """Ask the worker for the demo, or only for the wire to the sandbox where ``empty``.

    A newsroom that has people keeps them as they are. The wire is laid anew at each start, since
    our address may be another. False where no demo is made. Raises NotARehearsal.
    """
    host = urlsplit(settings.stripe_api_base).hostname or ""
    local = host in {"localhost", "127.0.0.1", "::1"}
    if settings.app_env != "development" or settings.stripe_api_base == STRIPE_API or not local:
        raise NotARehearsal(str(NotARehearsal.__doc__))
    with db.transaction() as session:
        now = wall_clock() - timedelta(days=1000)  # due at once, whatever the sandbox's clock
        stands = progress.of(session, NAME)
        if empty or (stands.finished_at is not None if stands else people.is_anybody(session)):
            jobs.enqueue(session, "demo.connect", now=now)
            return False
        UNFINISHED.parent.mkdir(exist_ok=True)
        if stands is None:
            UNFINISHED.touch()
            progress.start(session, name=NAME, total=DAYS, wall=wall_clock())
        return jobs.enqueue(
            session, "demo.build", now=now, payload={"seed": seed}, dedupe_key="demo.build"
        )


def is_underway(session: Session) -> bool:
    """Whether the demo is being built, or waits to be."""
    stands = progress.of(session, NAME)
    return stands is not None and stands.finished_at is None


@jobs.handles("demo.connect")
def connect(work: Work, _payload: dict[str, Any]) -> None:
    """Let the sandbox deliver its events to us, and to nobody who was here before."""
    Stage(work).control(
        "endpoints",
        alone=True,
        url=f"{work.settings.site_url}/stripe/webhook",
        secret=work.settings.stripe_webhook_secret[0],
        enabled_events=sorted(SUBSCRIBED),
    )


@jobs.handles("demo.build")
def build(work: Work, payload: dict[str, Any]) -> None:
    """Play fourteen months, day by day, up to today; then let time run and events come."""
    Performance(work, seed=int(payload["seed"])).play()
    connect(work, {})
    UNFINISHED.unlink(missing_ok=True)


class Performance:
    """One demo, from its first day to today."""

    def __init__(self, work: Work, *, seed: int) -> None:
        self._work = work
        self._db = work.db
        self._random = Random(seed)
        self._plan = plan(seed)
        self._stage = Stage(work)
        self._patrons = Patrons(self._stage, self._plan.lives, seed=seed)
        self._zone = "Europe/Kyiv"
        self._played: list[Played] = []

    def play(self) -> None:
        """All days in their order."""
        began, acts = time.monotonic(), list(self._plan.acts)
        end = wall_clock().replace(minute=0, second=0, microsecond=0)
        start = (end - timedelta(days=DAYS)).replace(hour=0)
        self._stage.freeze(start)
        editor = self._found(start)
        self._played = rounds.schedule(end, self._zone)
        for day in range(DAYS + 1):
            today = start + timedelta(days=day)
            while acts and acts[0].day <= day:
                self._act(acts.pop(0), start, end)
            self._stage.go_to(min(today + timedelta(hours=20), end))
            if day % LISTENS_EVERY == 0 or self._is_busy(day):
                self._stage.listen()
            self._vote(day=day, now=self._stage.now, editor=editor, start=start)
            self._chores(day)
            self._note(day, began)
        rounds.suggest_more(self._db, now=self._stage.now)
        self._stage.go_to(end)
        self._stage.listen()
        self._stage.work_off()
        self._stage.resume()

    def _found(self, start: datetime) -> int:
        """The newsroom's name, goal and four people; gives the editor's account."""
        with self._db.transaction() as session:
            accounts = {
                role: staffing.add_staff(
                    session, email=f"{role}@demo.example", role=role, language="en", now=start
                ).account_id
                for role in STAFF
            }
            changing.change(
                session,
                {"name": "The Dnipro Ledger", "reply_to": "desk@demo.example"},
                actor_id=accounts["admin"],
                now=start,
            )
            changing.offer(
                session,
                currency="EUR",
                terms=replace(changing.terms(session, "EUR"), goal=GOAL),
                actor_id=accounts["admin"],
                now=start,
            )
            self._zone = newsroom.current(session).timezone
        return accounts["editor"]

    def _act(self, act: Act, start: datetime, end: datetime) -> None:
        moment = start + timedelta(days=act.day, minutes=act.minute)
        if moment < end:
            self._stage.go_to(moment)
            self._patrons.play(act)

    def _vote(self, *, day: int, now: datetime, editor: int, start: datetime) -> None:
        for each in self._played:
            suggested = rounds.day_of(each.opens, start) - rounds.SUGGESTED_BEFORE
            if day == suggested:
                rounds.suggest(self._db, each, editor=editor, now=now)
            if each.topics and not each.round_id and now >= each.opens:
                rounds.open_round(self._db, each, editor=editor, now=now)
                rounds.plan_ballots(
                    self._db, each, random=self._random, lives=self._patrons.accounts(),
                    start=start,
                )  # fmt: skip
            if each.round_id:
                rounds.cast_day(self._db, each, day=day, now=now)
                self._follow(each, day=day, now=now, editor=editor, start=start)

    def _follow(
        self, each: Played, *, day: int, now: datetime, editor: int, start: datetime
    ) -> None:
        closed = rounds.day_of(each.closes, start)
        for after, status, note in each.vote.steps:
            if day == closed + after:
                with self._db.reading() as session:
                    winner = session.scalars(
                        sa.select(Round.winner_id).where(Round.id == each.round_id)
                    ).one()
                if winner is not None:
                    rounds.follow_up(
                        self._db, each, winner=winner, step=(status, note), editor=editor, now=now
                    )

    def _is_busy(self, day: int) -> bool:
        """Whether it matters on this day who supports: a round opens, or runs, or it is lately."""
        today = self._stage.now.date()
        runs = any(each.opens.date() <= today <= each.closes.date() for each in self._played)
        return runs or day > DAYS - LATELY

    def _chores(self, day: int) -> None:
        """What the worker does by itself: rounds that end, receipts, mails, at last fees."""
        closes = any(each.closes.date() == self._stage.now.date() for each in self._played)
        if day == DAYS:
            with self._db.transaction() as session:
                for kind in PERIODIC:
                    jobs.enqueue(session, kind, now=self._stage.now, dedupe_key=f"demo:{kind}")
        if day % CHORES_EVERY == 0 or closes or day > DAYS - LATELY:
            self._stage.work_off()

    def _note(self, day: int, began: float) -> None:
        with self._db.transaction() as session:
            progress.step(session, name=NAME, done=min(day, DAYS), wall=wall_clock())
            progress.beat(session, name=NAME, wall=wall_clock())  # the worker has no other breath
        if day % 30 == 0 or day == DAYS:
            seconds = round(time.monotonic() - began)
            print(f"Demo newsroom: day {day} of {DAYS}, {seconds} s", flush=True)  # noqa: T201
