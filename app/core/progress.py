"""Signs of life: when a worker was last heard, and how far long work has come."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.db import Base, insert_into


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
