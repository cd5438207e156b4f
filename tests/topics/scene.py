"""A newsroom with patrons, topics and a round, told in a line each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.db import Database
from app.topics import closing, opening, planning, voting
from app.topics.models import Ballot, RollEntry, Round
from app.topics.queries import Turnout, turnout
from tests import factories
from tests.clocks import FixedClock


class Scene:
    """One database and its clock; every method is a transaction of its own."""

    def __init__(self, db: Database, clock: FixedClock) -> None:
        self.db = db
        self.clock = clock
        with db.transaction() as session:
            self.editor = factories.make_staff(session, now=self.now, role="editor")

    @property
    def now(self) -> datetime:
        return self.clock()

    def patrons(self, number: int) -> list[int]:
        with self.db.transaction() as session:
            return [factories.make_patron(session, now=self.now) for _ in range(number)]

    def patron(self) -> int:
        return self.patrons(1)[0]

    def stranger(self) -> int:
        with self.db.transaction() as session:
            return factories.make_account(session, now=self.now)

    def topics(self, number: int, **about: Any) -> list[int]:
        """Topics, each suggested a minute after the one before."""
        with self.db.transaction() as session:
            return [
                factories.make_topic(
                    session, now=self.now - timedelta(days=9) + timedelta(minutes=m), **about
                )
                for m in range(number)
            ]

    def draft(
        self, topics: Sequence[int], *, late_joiners: bool = True, days: int = 7, wait: int = 0
    ) -> int:
        """A draft that would open in ``wait`` hours and run for so many days."""
        opens_at = self.now + timedelta(hours=wait)
        plan = planning.Plan(
            question={"en": "What should we look into next?", "uk": "Що нам дослідити далі?"},
            opens_at=opens_at,
            closes_at=opens_at + timedelta(days=days),
            late_joiners=late_joiners,
            topics=topics,
        )
        with self.db.transaction() as session:
            return planning.plan(session, plan, actor_id=self.editor, now=self.now)

    def open_round(self, topics: Sequence[int], **about: Any) -> int:
        round_id = self.draft(topics, **about)
        with self.db.transaction() as session:
            opening.open_now(session, round_id=round_id, actor_id=self.editor, now=self.now)
        return round_id

    def cast(
        self, round_id: int, account_id: int, choices: Collection[int], *, wants_mail: bool = False
    ) -> voting.Saved:
        with self.db.transaction() as session:
            return voting.cast(
                session.connection(),
                round_id=round_id,
                account_id=account_id,
                choices=choices,
                wants_mail=wants_mail,
                now=self.now,
            )

    def close(self, round_id: int) -> None:
        """Let the round's end come, and close it."""
        with self.db.transaction() as session:
            self.clock.set(session.get_one(Round, round_id).closes_at)
            closing.close_due(session, round_id=round_id, now=self.now)

    def round(self, round_id: int) -> Round:
        with self.db.reading() as session:
            return session.get_one(Round, round_id)

    def turnout(self, round_id: int) -> Turnout:
        with self.db.reading() as session:
            return turnout(session, round_id)

    def entry(self, round_id: int, account_id: int) -> RollEntry | None:
        with self.db.reading() as session:
            return session.get(RollEntry, (round_id, account_id))

    def ballots(self, round_id: int) -> list[Ballot]:
        wanted = sa.select(Ballot).where(Ballot.round_id == round_id).order_by(Ballot.id)
        with self.db.reading() as session:
            return list(session.scalars(wanted))

    def count(self, model: type[Any], *which: Any) -> int:
        with self.db.reading() as session:
            counted = sa.select(sa.func.count()).select_from(model).where(*which)
            return session.scalar(counted) or 0

    def write(self, act: Callable[[Session], object]) -> None:
        with self.db.transaction() as session:
            act(session)


def at_once(acts: Sequence[Callable[[], object]]) -> list[BaseException]:
    """Do all of it at the same moment, each in a thread of its own; gives what was raised."""
    gate = threading.Barrier(len(acts))
    raised: list[BaseException] = []

    def run(act: Callable[[], object]) -> None:
        gate.wait()
        try:
            act()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised
