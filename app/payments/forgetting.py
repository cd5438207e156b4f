"""What this room forgets when a person is erased: names at once, raw events and Stripe's own soon.

Money stays, under ids. Deleting the customer ends what is still running at Stripe: somebody who
is erased is not charged any more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts import erasing
from app.accounts.models import Account
from app.core import jobs
from app.core.db import Database
from app.payments.models import (
    LedgerTransaction,
    StripeCharge,
    StripeCheckout,
    StripeEvent,
    StripeSubscription,
)

READ_AT_ONCE = 2000
# The end of the customer is told too, and a day later the end of a payment page that was left
# open: both with name and address in them.
AGAIN = timedelta(hours=25)
_EVENTS: Any = StripeEvent.__table__


def forget(session: Session, account: Account, now: datetime) -> None:
    """Take the person's name and address out of the mirror, and ask for the rest to follow.

    Somebody else may have typed this address at Stripe: then it goes, and their pledge stays.
    """
    whose = LedgerTransaction.account_id
    booked = sa.select(LedgerTransaction.ref).where(LedgerTransaction.ref.is_not(None))
    paid = set(session.scalars(booked.where(whose == account.id).distinct()))
    others = booked.where(whose != account.id)
    mine = sa.or_(StripeCheckout.ref.in_(paid), StripeCheckout.email == account.email)
    tried = sa.select(StripeCheckout.ref).where(mine, StripeCheckout.ref.not_in(others))
    refs = paid | set(session.scalars(tried))
    session.execute(sa.update(StripeCheckout).where(mine).values(email=None, name=None))
    customers = customers_of(session, paid)
    ask(session, f"{account.id}", refs={str(ref) for ref in refs}, customers=customers, now=now)


erasing.on_erase.append(forget)


def customers_of(session: Session, refs: Collection[str | None]) -> set[str]:
    """Who stands behind these refs at Stripe, whether or not they have paid yet."""
    customers: set[str] = set()
    for table in (StripeCheckout, StripeSubscription, StripeCharge):
        known = sa.select(table.customer_id).where(table.ref.in_(refs))
        customers |= {customer for customer in session.scalars(known) if customer is not None}
    return customers


def ask(
    session: Session,
    key: str,
    *,
    refs: Collection[str],
    customers: Collection[str] = (),
    checkouts: Collection[str] = (),
    now: datetime,
) -> None:
    """Have what is kept under these refs, and these customers at Stripe, forgotten soon.

    Pages to pay on that may still be open are closed first. Once at once and once when Stripe has
    told the rest. ``key`` makes a second request none.
    """
    payload = {
        "refs": sorted(refs),
        "customers": sorted(customers),
        "checkouts": sorted(checkouts),
    }
    for number, moment in enumerate((now, now + AGAIN)):
        jobs.enqueue(
            session,
            "payments.forget",
            now=now,
            payload=payload,
            run_at=moment,
            dedupe_key=f"payments.forget:{key}:{number}",
        )


def unname(session: Session, refs: Collection[str]) -> None:
    """Take the names and addresses that were typed at Stripe off these checkouts."""
    mine = sa.update(StripeCheckout).where(StripeCheckout.ref.in_(refs))
    session.execute(mine.values(email=None, name=None))


def scrub(db: Database, names: Sequence[str]) -> int:
    """Empty the bodies of events in which one of these ids stands; gives how many there were.

    They are read a piece at a time, and each piece is its own transaction.
    """
    if not names:
        return 0
    with db.reading() as session:
        last = session.scalar(sa.select(sa.func.max(_EVENTS.c.id))) or 0
    is_about = sa.or_(*(_EVENTS.c.body.contains(name, autoescape=True) for name in names))
    count = 0
    for start in range(0, last, READ_AT_ONCE):
        piece = sa.and_(_EVENTS.c.id > start, _EVENTS.c.id <= start + READ_AT_ONCE)
        wanted = sa.and_(piece, _EVENTS.c.body != "", is_about)
        with db.reading() as session:
            found = list(session.scalars(sa.select(_EVENTS.c.id).where(wanted)))
        if found:
            with db.transaction() as session:
                done = sa.update(_EVENTS).where(_EVENTS.c.id.in_(found))
                session.execute(done.values(body=""))
        count += len(found)
    return count
