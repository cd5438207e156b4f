"""What the tests of handling share: telling, handling, and looking at what came of it."""

from __future__ import annotations

import copy
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from app.core.db import Database
from app.payments import inbox
from app.payments.models import (
    StripeEvent,
    StripeSubscription,
)
from tests.payments.till import Till

if TYPE_CHECKING:
    from app.sandbox import WiredSandbox

Json = dict[str, Any]
UPDATED = "customer.subscription.updated"


def tell(till: Till, *events: Json) -> None:
    with till.db.transaction() as session:
        inbox.take(session, events, till.clock())


def handle(till: Till) -> int:
    return inbox.handle_due(till.db, till.gateway, now=till.clock())


def at(moment: datetime) -> int:
    return int(moment.timestamp())


def snapshot(obj: Json, **values: Any) -> Json:
    return copy.deepcopy(obj) | values


def held(db: Database, subscription_id: str) -> StripeSubscription:
    with db.reading() as session:
        return session.get_one(StripeSubscription, subscription_id)


def event_of(db: Database, event_id: str) -> StripeEvent:
    with db.reading() as session:
        wanted = sa.select(StripeEvent).where(StripeEvent.event_id == event_id)
        return session.scalars(wanted).one()


def reads(sandbox: WiredSandbox) -> int:
    return int(sandbox.counts()["reads"])
