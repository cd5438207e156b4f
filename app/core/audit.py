"""The audit log: who with a privilege changed what; append-only and hash-chained.

Entries hold ids only, never names or addresses, so that erasing a person leaves the chain whole.
Rooms say at import, by ``named``, what their acts are called.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.db import Base, BigId, JSONDoc, append_only
from app.core.i18n import Lazy

GENESIS = "0" * 64
CHAIN_LOCK = 7_201_101
_names: dict[str, Lazy] = {}


class AuditEntry(Base):
    """One privileged act. The database refuses to change or delete a row."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime]
    actor_id: Mapped[int | None]  # account id; None is the command line or the clock
    action: Mapped[str]  # "round.opened"
    subject: Mapped[str]  # "round:4"
    details: Mapped[dict[str, object]] = mapped_column(JSONDoc)
    previous_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    hash: Mapped[str] = mapped_column(sa.String(64), unique=True)


append_only(AuditEntry.__table__)  # type: ignore[arg-type]


def record(
    session: Session,
    *,
    actor_id: int | None,
    action: str,
    subject: str,
    now: datetime,
    details: Mapping[str, object] | None = None,
) -> None:
    """Write down a privileged act in the transaction that does it."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(CHAIN_LOCK)))
    last = sa.select(AuditEntry.hash).order_by(AuditEntry.id.desc()).limit(1)
    previous = session.scalar(last) or GENESIS
    facts = dict(details or {})
    entry = AuditEntry(
        at=now,
        actor_id=actor_id,
        action=action,
        subject=subject,
        details=facts,
        previous_hash=previous,
        hash=_digest(previous, now, actor_id, action, subject, facts),
    )
    session.add(entry)
    session.flush()


def named(names: Mapping[str, Lazy]) -> None:
    """Say what acts are called, by action."""
    _names.update(names)


def name_of(action: str) -> str:
    """What an act is called, in the reader's language."""
    return str(_names.get(action, action))


def first_broken(session: Session) -> int | None:
    """The id of the first entry whose hash does not follow from the one before; None if whole."""
    return first_misfit(session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)), GENESIS)


def first_misfit(entries: Iterable[AuditEntry], previous: str) -> int | None:
    """The id of the first of neighbours, oldest first, that does not follow; None if all do.

    ``previous`` is the hash of the entry before them.
    """
    for entry in entries:
        expected = _digest(
            previous, entry.at, entry.actor_id, entry.action, entry.subject, entry.details
        )
        if entry.previous_hash != previous or entry.hash != expected:
            return entry.id
        previous = entry.hash
    return None


def _digest(
    previous: str,
    at: datetime,
    actor_id: int | None,
    action: str,
    subject: str,
    details: Mapping[str, object],
) -> str:
    stamp = at.isoformat(timespec="microseconds")
    content = json.dumps(
        [previous, stamp, actor_id, action, subject, details], sort_keys=True, ensure_ascii=False
    )
    return hashlib.sha256(content.encode()).hexdigest()
