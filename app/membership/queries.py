"""What is known of a pledge, a gift and the person behind them; reads only."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.statements import Plain
from app.membership.models import LIVING, RUNNING, Consent, Gift, Pledge, SignUp
from app.payments.models import StripeCharge, StripeSubscription


def parts_of(
    total: int, pledge: Pledge | Plain | None, sign_up: SignUp | Plain | None
) -> tuple[int, int]:
    """How a charge of this total splits into amount and fee cover, as it was chosen."""
    splits = [(pledge.amount, pledge.fee_cover)] if pledge is not None else []
    if pledge is not None and pledge.wanted_amount is not None:
        splits.append((pledge.wanted_amount, pledge.wanted_fee_cover or 0))
    if sign_up is not None:
        splits.append((sign_up.amount, sign_up.fee_cover))
    return next((split for split in splits if sum(split) == total), (total, 0))


def pledge_of(session: Session, account_id: int) -> Pledge | None:
    """A person's living pledge: the one that runs, else the newest on its way."""
    mine = sa.select(Pledge).where(Pledge.account_id == account_id, Pledge.state.in_(LIVING))
    return session.scalar(_best_first(mine).limit(1))


def last_pledge_of(session: Session, account_id: int) -> Pledge | None:
    """A person's living pledge, else the one that ended last."""
    mine = sa.select(Pledge).where(Pledge.account_id == account_id, Pledge.state != "duplicate")
    return session.scalar(_best_first(mine).limit(1))


def by_ref(session: Session, ref: str) -> Pledge | None:
    """The pledge of a sign-up, whatever became of it."""
    return session.scalar(sa.select(Pledge).where(Pledge.ref == ref))


def kept(session: Session, ref: str) -> Pledge | Gift | None:
    """The pledge or the gift of a sign-up."""
    return by_ref(session, ref) or session.scalar(sa.select(Gift).where(Gift.ref == ref))


def subscription_of(session: Session, pledge: Pledge) -> StripeSubscription | None:
    """What Stripe has of a pledge, where it is known yet."""
    if pledge.subscription_id is None:
        return None
    return session.get(StripeSubscription, pledge.subscription_id)


def last_card(session: Session, ref: str) -> tuple[str | None, str] | None:
    """Brand and last four digits of the card that paid last."""
    paid = sa.select(StripeCharge.card_brand, StripeCharge.card_last4).where(
        StripeCharge.ref == ref,
        StripeCharge.status == "succeeded",
        StripeCharge.card_last4.is_not(None),
    )
    row = session.execute(paid.order_by(StripeCharge.created.desc()).limit(1)).one_or_none()
    return (row[0], row[1] or "") if row is not None else None


def refs_of(account_id: int) -> sa.Select[str]:
    """The refs of all that a person ever gave, as a subquery."""
    pledges = sa.select(Pledge.ref).where(Pledge.account_id == account_id)
    gifts = sa.select(Gift.ref).where(Gift.account_id == account_id)
    refs = sa.union_all(pledges, gifts).subquery("refs")
    return sa.select(refs.c.ref)


def consenting(kind: str) -> sa.Select[int]:
    """Accounts that allow a thing now, as a subquery."""
    given = sa.select(Consent.account_id).where(Consent.withdrawn_at.is_(None))
    return given.where(Consent.kind == kind)


def known_to_newsroom(session: Session, account_ids: list[int]) -> set[int]:
    """Those of these people who allowed the newsroom to know who they are."""
    known = consenting("know_me").where(Consent.account_id.in_(account_ids))
    return set(session.scalars(known))


def _best_first(pledges: sa.Select[Pledge]) -> sa.Select[Pledge]:
    """The one that runs, then those on their way, then those that ended; the newest of each."""
    runs = sa.case((Pledge.state.in_(RUNNING), 0), (Pledge.state.in_(LIVING), 1), else_=2)
    return pledges.order_by(runs, Pledge.id.desc())
