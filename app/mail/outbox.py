"""Writing a mail: rendered at once, kept in the transaction that causes it, sent by a job.

Either the cause and its mail are both kept, or neither is.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import jobs
from app.core.db import insert_into
from app.core.forms import email_key
from app.mail import rendering
from app.mail.models import OutboxMessage
from app.newsroom import queries

KEEP = timedelta(days=30)
SITE_URL = "site_url"


def told(site_url: str) -> dict[str, str]:
    """What a Database has to carry, so that mails can be written in its sessions."""
    return {SITE_URL: site_url}


def site_url(session: Session) -> str:
    """The address of this installation, which all links in mails begin with."""
    address: str = session.info[SITE_URL]
    return address


def put(
    session: Session,
    *,
    to: str,
    language: str,
    template: str,
    context: Mapping[str, Any],
    kind: str,
    dedupe_key: str,
    now: datetime,
    unsubscribe_url: str | None = None,
    secret_until: datetime | None = None,
) -> bool:
    """Write a mail to one address; False where its key was written before.

    ``dedupe_key`` and ``kind`` hold ids, never an address. ``unsubscribe_url`` is for lists only.
    A mail with ``secret_until`` (wall time) was asked for by somebody who waits for it: it goes
    before the others, is not sent after that time, and its words are forgotten once it was sent.
    What ``rendering.render`` raises is a mistake in the template.
    """
    if _is_written(session, dedupe_key):
        return False
    address, room = site_url(session), queries.current(session)
    letter = rendering.render(
        template, language=language, context=context, newsroom=room, site_url=address
    )
    row = _row(letter, address, now)
    row |= {"to_address": to, "to_key": email_key(to), "language": language}
    row |= {"dedupe_key": dedupe_key, "kind": kind}
    row |= {"unsubscribe_url": unsubscribe_url, "secret_until": secret_until}
    insert = insert_into(session, OutboxMessage).values(row).on_conflict_do_nothing()
    message_id = session.scalar(insert.returning(OutboxMessage.id))
    if message_id is None:
        return False
    awaited = secret_until is not None
    send_soon(session, message_id=message_id, attempt=0, awaited=awaited, now=now, run_at=now)
    return True


def send_soon(
    session: Session,
    *,
    message_id: int,
    attempt: int,
    awaited: bool,
    now: datetime,
    run_at: datetime,
) -> None:
    """Ask for a mail to be sent; each attempt is asked for once."""
    jobs.enqueue(
        session,
        "mail.send",
        now=now,
        payload={"message": message_id},
        run_at=run_at,
        dedupe_key=f"mail:{message_id}:{attempt}",
        awaited=awaited,
    )


def scrub(session: Session, *, to: str) -> None:
    """Forget what was written to an address, and send it nothing of what still waits."""
    _forget(session, OutboxMessage.to_key == email_key(to))


def purge(session: Session, *, now: datetime) -> None:
    """Forget mails of 30 days ago; their rows stay, so that none is written a second time."""
    over = OutboxMessage.state.in_(["sent", "failed"])
    _forget(session, sa.and_(over, OutboxMessage.created_at < now - KEEP))


def _is_written(session: Session, dedupe_key: str) -> bool:
    """Ask before rendering; what slips through meets the unique key."""
    taken = sa.select(OutboxMessage.id).where(OutboxMessage.dedupe_key == dedupe_key)
    return session.scalar(taken) is not None


def _row(letter: rendering.Rendered, address: str, now: datetime) -> dict[str, Any]:
    """What every mail has in common: its words, a Message-ID for ever, and that it waits."""
    return {
        "message_id": f"<{uuid.uuid4().hex}@{urlsplit(address).hostname or 'localhost'}>",
        "subject": letter.subject,
        "text": letter.text,
        "html": letter.html,
        "state": "waiting",
        "created_at": now,
        "attempts": 0,
    }


def _forget(session: Session, which: sa.ColumnElement[bool]) -> None:
    session.execute(
        sa.update(OutboxMessage)
        .where(which)
        .values(
            state="scrubbed",
            to_address="",
            to_key="",
            subject="",
            text="",
            html="",
            unsubscribe_url=None,
            secret_until=None,
            error=None,
        )
    )
