"""Another amount for a pledge that runs: from the next charge on, nothing is charged today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.db import Database, for_update
from app.core.errors import Conflict
from app.core.i18n import lazy_gettext as _l
from app.core.money import Money
from app.membership import asking, offering, queries, renewing
from app.membership.models import Pledge
from app.membership.offering import NotOffered
from app.newsroom import queries as newsroom
from app.newsroom.models import CurrencyOffer
from app.payments import requesting
from app.payments.gateway import Gateway
from app.payments.models import StripeSubscription

CHANGEABLE = ("active", "past_due")


class NotChangeable(Conflict):
    message = _l("This pledge cannot be changed now. Look at your account to see how it stands.")


@dataclass(frozen=True, slots=True)
class Preview:
    """The next charge, before and after."""

    amount: Money
    total: Money
    before: Money
    from_day: datetime
    is_after_due: bool  # a charge is due already, and stays as it was

    @property
    def cover(self) -> Money:
        return self.total - self.amount


def preview(
    session: Session, ref: str, *, amount: int, cover: bool, below: int | None = None
) -> Preview:
    """What the next charge will be with another amount; raises NotChangeable, NotOffered.

    ``below`` is a total that must not be reached: from a mail a pledge is only lowered.
    """
    pledge, subscription = _running(session, queries.by_ref(session, ref))
    offer = offer_of(session, pledge)
    choice = offering.choose(
        newsroom.current(session), offer, interval=pledge.interval, amount=amount, cover=cover
    )
    if choice.total == pledge.total and choice.amount == pledge.amount:
        raise NotOffered(_l("That is what you give now."))
    if below is not None and choice.total >= below:
        raise NotOffered(_l("From a mail a pledge can be lowered. To give more, sign in."))
    return Preview(
        amount=Money(choice.amount, choice.currency),
        total=choice.money,
        before=pledge.money,
        from_day=subscription.current_period_end,
        is_after_due=renewing.due_invoice(session, pledge) is not None,
    )


def change(
    db: Database, gateway: Gateway, *, ref: str, amount: int, cover: bool, now: datetime
) -> Preview:
    """Change the amount at Stripe. Raises NotChangeable, NotOffered, and the gateway's errors."""
    with db.transaction() as session:
        mine = for_update(sa.select(Pledge).where(Pledge.ref == ref))
        pledge, subscription = _running(session, session.scalar(mine))
        then = preview(session, ref, amount=amount, cover=cover)
        pledge.wanted_amount, pledge.wanted_fee_cover = then.amount.minor, then.cover.minor
        key = asking.keep(
            session,
            action="subscription.change_amount",
            target=subscription.id,
            params={
                "subscription_id": subscription.id,
                "item_id": subscription.item_id,
                "product_id": subscription.product_id,
                "currency": subscription.currency,
                "interval": pledge.interval,
                "total": then.total.minor,
            },
            now=now,
        )
    requesting.send(db, gateway, key, now=now)
    return then


def offer_of(session: Session, pledge: Pledge) -> CurrencyOffer:
    """The bounds and presets of a pledge's currency; raises NotChangeable where it is gone."""
    offer = newsroom.offer(session, pledge.currency)
    if offer is None:
        raise NotChangeable()
    return offer


def _running(session: Session, pledge: Pledge | None) -> tuple[Pledge, StripeSubscription]:
    subscription = queries.subscription_of(session, pledge) if pledge is not None else None
    if pledge is None or subscription is None or pledge.state not in CHANGEABLE:
        raise NotChangeable()
    return pledge, subscription
