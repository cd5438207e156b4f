"""Signs of life: when a worker was heard, how far long work has come, which checks hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.db import Base
from app.core.statements import upsert

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
    upsert(session, Heartbeat, [{"name": name, "at": wall}])


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


def note_checks(session: Session, found: Mapping[str, Sequence[object]], *, wall: datetime) -> None:
    """Keep what each check found just now, by its name; of checks that are no more, nothing."""
    rows = [
        {"name": name, "checked_at": wall, "broken": len(broken), "sample": _sample(broken)}
        for name, broken in found.items()
    ]
    session.execute(sa.delete(CheckResult).where(CheckResult.name.not_in(found)))
    upsert(session, CheckResult, rows)


def broken_checks(session: Session) -> list[CheckResult]:
    """The checks that did not hold when they last ran."""
    query = sa.select(CheckResult).where(CheckResult.broken > 0).order_by(CheckResult.name)
    return list(session.scalars(query))


def _sample(rows: Sequence[object]) -> str:
    return ", ".join(str(row) for row in rows[:SAMPLE])
