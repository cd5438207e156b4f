"""What Stripe kept: fees and exchange, from the list of balance transactions, in the worker.

A charge's own event comes before its balance transaction exists, so nothing else tells them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.clock import from_unix
from app.core.db import Database, insert_once
from app.payments import copies, ledger, locking
from app.payments.gateway import Gateway
from app.payments.models import StripeBalanceTransaction, SyncMark

NAME = "balance_transactions"
OVERLAP = timedelta(days=1)  # what appears late in the list is found by the next night's walk
Reach = Literal["new", "overlap", "all"]
Json = dict[str, Any]


def collect(db: Database, gateway: Gateway, *, now: datetime, reach: Reach = "new") -> int:
    """List what moved on the balance, and book its fees; gives how many were new to us.

    The list is read from its newest page until one is wholly known; every night ("overlap") a
    day further, and with "all" to its beginning. A walk that is cut short begins again: only
    what is older than the mark is known to be whole, and the mark moves when the end was reached.
    """
    with db.reading() as session:
        mark = session.get(SyncMark, NAME)
    since = mark.position if mark is not None and reach != "all" else None
    given: Json = {"created": {"gte": int((since - OVERLAP).timestamp())}} if since else {}
    newest, count = mark.position if mark else None, 0
    for page in gateway.pages("balance_transaction", **given):
        with db.transaction() as session:
            fresh = _keep(session, page, now=now)
        count += fresh
        latest = max(from_unix(row["created"]) for row in page)
        newest = latest if newest is None else max(newest, latest)
        if reach == "new" and not fresh and since is not None and latest <= since:
            break
    if newest is not None:
        with db.transaction() as session:
            session.merge(SyncMark(name=NAME, position=newest))
    return count


def _keep(session: Session, page: list[Json], *, now: datetime) -> int:
    locking.wait(session)
    ids = [row["id"] for row in page]
    held = sa.select(StripeBalanceTransaction.id)
    known = set(session.scalars(held.where(StripeBalanceTransaction.id.in_(ids))))
    fresh = [_row(row) for row in page if row["id"] not in known]
    if fresh:
        insert_once(session, StripeBalanceTransaction, fresh)
        rows = copies.by_id(session, StripeBalanceTransaction, [row["id"] for row in fresh])
        ledger.book_fees(session, rows.values(), now=now)
    return len(fresh)


def _row(obj: Json) -> Json:
    source = obj["source"]
    return {
        "id": obj["id"],
        "type": obj["type"],
        "source_id": source["id"] if isinstance(source, dict) else source,
        "amount": obj["amount"],
        "fee": obj["fee"],
        "net": obj["net"],
        "currency": obj["currency"].upper(),
        "created": from_unix(obj["created"]),
    }
