"""The inbox: every event of Stripe's is kept first, answered, and handled once.

``receive`` runs in the web request and does nothing that can fail for a reason of business.
``handle_due`` runs in the worker. Upper rooms listen: ``@inbox.listens``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.core.db import Database, insert_once
from app.core.errors import AppError
from app.core.i18n import lazy_gettext as _l
from app.payments.changes import Change, Seen, listens
from app.payments.events import HANDLED, SUBSCRIBED, Envelope, NoEvent
from app.payments.handling import handle_due, replay
from app.payments.models import StripeEvent
from app.payments.signatures import is_genuine

__all__ = ["Change", "Received", "Seen", "handle_due", "listens", "receive", "replay", "take"]


class NotFromStripe(AppError):
    title = _l("This does not come from Stripe")
    message = _l("The signature is missing, wrong, or more than five minutes off.")


class NotAnEvent(AppError):
    title = _l("That could not be read")
    message = _l("The body is signed, and is no event of the API version that we speak.")


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a delivery: kept just now, or known already."""

    event_id: str
    is_new: bool


def receive(
    db: Database,
    *,
    body: bytes,
    signature: str,
    secrets: Sequence[str],
    now: datetime,
    wall: datetime,
) -> Received:
    """Keep one delivered event; the same one delivered again changes nothing.

    Raises NotFromStripe, NotAnEvent, both before the database is touched. ``wall`` is held against
    the signature, ``now`` is kept.
    """
    if not is_genuine(body=body, header=signature, secrets=secrets, wall=wall):
        raise NotFromStripe()
    try:
        envelope, text = Envelope.read(body), body.decode()
    except (NoEvent, UnicodeDecodeError):
        raise NotAnEvent() from None
    with db.statement() as connection:
        is_new = insert_once(connection, StripeEvent, _row(envelope, text, now)) == 1
    return Received(envelope.event_id, is_new)


def take(session: Session, events: Sequence[dict[str, Any]], now: datetime) -> None:
    """Keep events that were listed, as if they had been delivered; those we have stay as they are.

    Types that we do not ask Stripe for are left out.
    """
    rows = [
        _row(Envelope.of(event), json.dumps(event, separators=(",", ":")), now)
        for event in events
        if event["type"] in SUBSCRIBED
    ]
    if rows:
        insert_once(session, StripeEvent, rows)


def _row(envelope: Envelope, body: str, now: datetime) -> dict[str, Any]:
    return {
        "event_id": envelope.event_id,
        "type": envelope.type,
        "api_version": envelope.api_version,
        "created": envelope.created,
        "object_id": envelope.object_id,
        "body": body,
        "received_at": now,
        "state": "new" if envelope.type in HANDLED else "ignored",
        "attempts": 0,
        "next_try_at": now,
    }
