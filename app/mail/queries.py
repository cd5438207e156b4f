"""The outbox, as its pages read it; lists never load the words of a mail."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.forms import email_key
from app.core.pagination import Cursor, Page, page_by_id
from app.mail.models import OutboxMessage

STATES = ("waiting", "sent", "failed", "scrubbed")


def page(session: Session, *, cursor: Cursor, state: str | None = None) -> Page[sa.Row[tuple]]:  # type: ignore[type-arg]
    """Mails without their words, newest first.

    ``can_retry`` says which may be sent again, ``goes_first`` which of those that wait are awaited.
    """
    failed, waiting = OutboxMessage.state == "failed", OutboxMessage.state == "waiting"
    rows = sa.select(
        OutboxMessage.id,
        OutboxMessage.kind,
        OutboxMessage.to_address,
        OutboxMessage.language,
        OutboxMessage.subject,
        OutboxMessage.state,
        OutboxMessage.created_at,
        OutboxMessage.sent_at,
        OutboxMessage.attempts,
        OutboxMessage.error,
        sa.and_(failed, OutboxMessage.text != "").label("can_retry"),
        sa.and_(waiting, OutboxMessage.secret_until.is_not(None)).label("goes_first"),
    )
    if state is not None:
        rows = rows.where(OutboxMessage.state == state)
    return page_by_id(session, rows, key=OutboxMessage.id, cursor=cursor)


def written_since(session: Session, *, to: str, kind: str, since: datetime) -> int:
    """How many mails of a kind were written to an address, and did not fail."""
    mine = (OutboxMessage.to_key == email_key(to), OutboxMessage.kind == kind)
    fine = (OutboxMessage.state != "failed", OutboxMessage.created_at > since)
    return session.scalar(sa.select(sa.func.count()).where(*mine, *fine)) or 0


def message(session: Session, message_id: int) -> OutboxMessage | None:
    """One mail, whole."""
    return session.get(OutboxMessage, message_id)
