"""Signs of life: when a worker was heard, how far long work has come, which checks hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.db import Base, insert_into

SAMPLE = 5


class Heartbeat(Base):
    """A process that says it is alive. Wall time."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class Progress(Base):
    """Work that takes long enough for somebody to wait for it."""

    __tablename__ = "progress"

    name: Mapped[str] = mapped_column(primary_key=True)
    done: Mapped[int]
    total: Mapped[int]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class CheckResult(Base):
    """What the last run of one invariant check found; shown to staff. Wall time."""

    __tablename__ = "check_result"

    name: Mapped[str] = mapped_column(primary_key=True)
    checked_at: Mapped[datetime]
    broken: Mapped[int]  # how many rows break the promise
    sample: Mapped[str]  # some of them, by their ids


def beat(session: Session, *, name: str, wall: datetime) -> None:
    """Say that a process is alive."""
    row = insert_into(session, Heartbeat).values(name=name, at=wall)
    session.execute(row.on_conflict_do_update(index_elements=["name"], set_={"at": wall}))


def start(session: Session, *, name: str, total: int, wall: datetime) -> Progress:
    """Begin long work, or find where it was left."""
    found = session.get(Progress, name)
    if found is None:
        found = Progress(name=name, done=0, total=total, started_at=wall)
        session.add(found)
    return found


def step(session: Session, *, name: str, done: int, wall: datetime) -> None:
    """Note how far it has come; the last step finishes it."""
    found = session.get_one(Progress, name)
    found.done = done
    if done >= found.total:
        found.finished_at = wall


def of(session: Session, name: str) -> Progress | None:
    return session.get(Progress, name)


def note_check(session: Session, *, name: str, rows: Sequence[object], wall: datetime) -> None:
    """Keep what a check found just now."""
    sample = ", ".join(str(row) for row in rows[:SAMPLE])
    values = {"checked_at": wall, "broken": len(rows), "sample": sample}
    statement = insert_into(session, CheckResult).values(name=name, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def broken_checks(session: Session) -> list[CheckResult]:
    """The checks that did not hold when they last ran."""
    query = sa.select(CheckResult).where(CheckResult.broken > 0).order_by(CheckResult.name)
    return list(session.scalars(query))
