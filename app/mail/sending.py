"""Sending what waits in the outbox: at least once, with the same Message-ID each time.

The mail server is spoken to outside every transaction. A mail that does not get through is tried
again with growing pauses for about three days; what the server refuses for good is not.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal, cast

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from app.core import audit, jobs
from app.core.clock import wall_clock
from app.core.errors import Conflict, NotFound
from app.core.i18n import lazy_gettext as _l
from app.mail import composing, outbox
from app.mail.models import OutboxMessage
from app.mail.transport import NotDelivered, Refused, Transport
from app.newsroom import queries

LONGEST_PAUSE = timedelta(hours=1)
MOST_ATTEMPTS = 80
EXPIRED = "The link in it would have been too old."
audit.named({"mail.retried": _l("Mail sent again")})
log = structlog.get_logger()


@jobs.handles("mail.send")
def send(work: jobs.Work, payload: dict[str, Any]) -> None:
    """Send one mail, unless it went or was forgotten meanwhile."""
    message_id = int(payload["message"])
    with work.db.reading() as session:
        message = session.get(OutboxMessage, message_id)
        newsroom = queries.current(session)
    if message is None or message.state != "waiting":
        return
    transport = cast(Transport, work.services["transport"])
    if message.secret_until is not None and message.secret_until < wall_clock():
        _end(work, message_id, state="failed", error=EXPIRED)
        return
    sender = work.settings.mail_from
    try:
        mail = composing.compose(message, newsroom=newsroom, mail_from=sender)
        transport.deliver(
            mail,
            sender=composing.sender_of(sender),
            recipient=composing.ascii_address(message.to_address),
        )
    except (Refused, composing.Unwritable) as error:
        log.warning("mail refused", message=message_id, kind=message.kind)
        _end(work, message_id, state="failed", error=str(error))
    except NotDelivered as error:
        log.warning("mail not delivered", message=message_id, kind=message.kind)
        _try_later(work, message_id, error=str(error))
    else:
        _end(work, message_id, state="sent", keep=transport.keeps_outbox)


@jobs.every(timedelta(days=1), "mail.purge")
def purge(work: jobs.Work, _payload: dict[str, Any]) -> None:
    """Forget the words of mails that are older than 30 days."""
    with work.db.transaction() as session:
        outbox.purge(session, now=work.now)


def retry(session: Session, *, message_id: int, actor_id: int, now: datetime) -> None:
    """Send a mail that failed once more, as a new series of attempts. Raises NotFound, Conflict."""
    message = session.get(OutboxMessage, message_id, with_for_update=True)
    if message is None:
        raise NotFound()
    if not may_be_retried(message):
        raise Conflict(_l("This mail cannot be sent again: it went, or what it said is gone."))
    message.state, message.error = "waiting", None
    outbox.send_soon(
        session,
        message_id=message_id,
        attempt=message.attempts,
        awaited=message.is_awaited,
        now=now,
        run_at=now,
    )
    audit.record(
        session, actor_id=actor_id, action="mail.retried", subject=f"mail:{message_id}", now=now
    )


def may_be_retried(message: OutboxMessage) -> bool:
    """Whether a failed mail still has its words."""
    return message.state == "failed" and bool(message.text)


def _end(
    work: jobs.Work,
    message_id: int,
    *,
    state: Literal["sent", "failed"],
    error: str | None = None,
    keep: bool = False,
) -> None:
    with work.db.transaction() as session:
        message = _still_waiting(session, message_id)
        if message is None:
            return
        message.state, message.error = state, error
        message.sent_at = work.now if state == "sent" else None
        message.attempts += 1
        if message.secret_until is not None and not keep:
            message.text = message.html = ""


def _try_later(work: jobs.Work, message_id: int, *, error: str) -> None:
    with work.db.transaction() as session:
        message = _still_waiting(session, message_id)
        if message is None:
            return
        message.attempts += 1
        message.error = error
        if message.attempts % MOST_ATTEMPTS == 0:
            message.state = "failed"
            return
        outbox.send_soon(
            session,
            message_id=message_id,
            attempt=message.attempts,
            awaited=message.is_awaited,
            now=work.now,
            run_at=work.now + _pause(message.attempts),
        )


def _pause(attempts: int) -> timedelta:
    return min(timedelta(seconds=2 ** min(attempts, 12)), LONGEST_PAUSE)


def _still_waiting(session: Session, message_id: int) -> OutboxMessage | None:
    """The row under its lock, unless another worker or a retry was faster."""
    row = sa.select(OutboxMessage).where(OutboxMessage.id == message_id).with_for_update()
    message = session.scalar(row)
    return message if message is not None and message.state == "waiting" else None
