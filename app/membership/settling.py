"""What became of a sign-up: derived from the mirror of Stripe, in whatever order it fills.

The same facts always end in the same rows; settling twice changes nothing.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts import people
from app.accounts.models import Account
from app.core import jobs
from app.core.db import for_update
from app.membership import consenting, gifting, pledging, queries
from app.membership.models import Gift, Pledge, Receipt, SignUp
from app.payments import ledger
from app.payments.changes import Change

FINISHED = ("paid", "failed", "expired")


def settle(session: Session, ref: str, *, now: datetime, change: Change | None = None) -> None:
    """Bring a sign-up, its pledge or gift, and the person behind it in line with Stripe.

    ``change`` is what was just told, where something was: a subscription's own snapshot in it
    becomes a row of history. Refs of other installations are left alone.
    """
    sign_up = session.scalar(for_update(sa.select(SignUp).where(SignUp.ref == ref)))
    if sign_up is None:
        return
    tells_name = change is not None and change.kind == "checkout"
    is_paid = sign_up.state == "paid" and not tells_name
    facts = queries.facts(session, ref, is_paid=is_paid)
    if facts.is_complete or facts.subscription is not None or facts.paid:
        account = _person(session, sign_up, facts, now)
        if sign_up.interval == "once":
            kept: Pledge | Gift = gifting.settle(session, sign_up, facts, account.id, now=now)
        else:
            kept = pledging.settle(session, sign_up, facts, account.id, now=now, change=change)
        _remember(session, sign_up, facts, kept, now)
    _finish(sign_up, facts, now)


def _person(session: Session, sign_up: SignUp, facts: queries.Facts, now: datetime) -> Account:
    """Who gave: known since the first time, else the person with the address that was typed.

    The row is locked, so that two sign-ups of one person are settled one after the other.
    """
    if sign_up.account_id is None:
        found = people.find_or_create(
            session, email=sign_up.email, language=sign_up.language, now=now
        )
        sign_up.account_id = found.id
    mine = sa.select(Account).where(Account.id == sign_up.account_id)
    account = session.scalars(for_update(mine)).one()
    if account.name is None and account.confirmed_at is None and facts.checkout is not None:
        account.name = facts.checkout.name  # who has signed in names themselves
    return account


def _remember(
    session: Session, sign_up: SignUp, facts: queries.Facts, kept: Pledge | Gift, now: datetime
) -> None:
    """Whose money it is, what they allowed when they gave it, and a receipt for each charge."""
    ledger.claim(session, sign_up.ref, kept.account_id)
    if sign_up.state not in ("pending", "paid") and kept.state != "duplicate":
        consenting.give(
            session,
            account_id=kept.account_id,
            consents=sign_up.consents,
            language=sign_up.language,
            now=sign_up.created_at,
        )
    paid = [charge.id for charge in facts.paid]
    done = set(session.scalars(sa.select(Receipt.charge_id).where(Receipt.charge_id.in_(paid))))
    for charge_id in paid:
        if charge_id not in done:
            payload = {"ref": sign_up.ref, "charge": charge_id}
            key = f"thank:{charge_id}"
            jobs.enqueue(session, "membership.thank", now=now, payload=payload, dedupe_key=key)


def _finish(sign_up: SignUp, facts: queries.Facts, now: datetime) -> None:
    """The state of the form that was sent, as the page after paying tells it."""
    checkout = facts.checkout
    if facts.paid:
        state = "paid"
    elif facts.has_failed:
        state = "failed"
    elif facts.is_complete:
        state = "pending"
    elif checkout is not None and checkout.status == "expired":
        state = "expired"
    else:
        return
    sign_up.state = state
    if state in FINISHED and sign_up.finished_at is None:
        sign_up.finished_at = now
