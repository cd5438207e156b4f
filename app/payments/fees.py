"""What Stripe kept: fees and exchange, from the list of balance transactions, in the worker.

A charge's own event comes before its balance transaction exists, so nothing else tells them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.clock import from_unix
from app.core.db import Database, insert_once
from app.payments import copies, ledger, locking
from app.payments.gateway import Gateway
from app.payments.models import StripeBalanceTransaction, SyncMark

NAME = "balance_transactions"
OVERLAP = timedelta(days=1)  # what appears late in the list is found by the next walks
Json = dict[str, Any]


def collect(db: Database, gateway: Gateway, *, now: datetime, everything: bool = False) -> int:
    """List what moved on the balance since the last time, and book its fees; gives how many new.

    A walk that is cut short begins again: the mark moves only when the end was reached.
    """
    with db.reading() as session:
        mark = session.get(SyncMark, NAME)
    given: Json = {}
    if mark is not None and not everything:
        given["created"] = {"gte": int((mark.position - OVERLAP).timestamp())}
    newest, count = mark.position if mark else None, 0
    for page in gateway.pages("balance_transaction", **given):
        with db.transaction() as session:
            count += _keep(session, page, now=now)
        latest = max(from_unix(row["created"]) for row in page)
        newest = latest if newest is None else max(newest, latest)
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
