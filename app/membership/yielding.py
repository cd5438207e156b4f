"""Which of a person's pledges runs where several are paid: the first that was paid.

It is the same in whatever order Stripe tells; money goes back only once it is known which it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.db import Database
from app.membership import facts, queries
from app.membership.cases import Case, Draft
from app.membership.models import RUNNING, SignUp
from app.membership.sending_back import OVER
from app.payments import checkout
from app.payments.gateway import Gateway


def beaten(
    session: Session,
    cases: Sequence[Case],
    pledges: Mapping[str, Draft],
    rivals: Mapping[int, Draft],
) -> dict[str, Draft]:
    """Those of ``rivals``, by account, that run and yield: by the ref of what was paid before."""
    able = [
        case for case in cases if case.account.id in rivals and _may_run(case, pledges[case.ref])
    ]
    if not able:
        return {}
    mine = {case.ref: case.facts.subscription.id for case in able if case.facts.subscription}
    theirs = {case.ref: rivals[case.account.id].subscription_id for case in able}
    paid = facts.first_paid(session, [*mine.values(), *theirs.values()])
    found = {}
    for case in able:
        one, other = paid.get(mine[case.ref]), paid.get(theirs[case.ref])
        rival = rivals[case.account.id]
        # Of two that were paid in one second it is the one whose form was sent first.
        if one and other and (one, case.sign_up.id) < (other, rival.sign_up_id or 0):
            found[case.ref] = rival
    return found


def learn(db: Database, gateway: Gateway, *, ref: str, now: datetime) -> None:
    """Ask Stripe when a duplicate, and the pledge that runs, were first paid, where it is untold.

    Raises StripeUnavailable.
    """
    with db.reading() as session:
        untold = _untold(session, ref)
    for checkout_id in untold:
        checkout.refresh(db, gateway, checkout_id, now)


def _may_run(case: Case, pledge: Draft) -> bool:
    """Whether a pledge that is paid could still run: nothing of it was ended or given back."""
    subscription = case.facts.subscription
    lives = subscription is not None and subscription.status not in OVER
    is_paid = bool(case.facts.paid) and case.facts.returned_at is None
    is_new = pledge.state in ("pending", "duplicate") and case.account.erased_at is None
    return lives and is_paid and is_new


def _untold(session: Session, ref: str) -> list[str]:
    """The checkouts of those of both pledges of which no first payment, or no charge, is known."""
    pledge = queries.by_ref(session, ref)
    if pledge is None or pledge.state != "duplicate":
        return []
    rival = queries.pledge_of(session, pledge.account_id)
    if rival is None or rival.state not in RUNNING:
        return []
    both = (pledge, rival)
    paid = facts.first_paid(session, [one.subscription_id for one in both if one.subscription_id])
    refs = [one.ref for one in both if one.subscription_id not in paid or one.started_at is None]
    known = sa.select(SignUp.checkout_id).where(SignUp.ref.in_(refs))
    return list(session.scalars(known.where(SignUp.checkout_id.is_not(None)).order_by(SignUp.id)))
