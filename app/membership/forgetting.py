"""What this room gives out of a person's data, and what it forgets when they are erased."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts import erasing, exporting
from app.accounts.models import Account
from app.core.db import for_update
from app.core.money import Money
from app.membership import consenting, leaving, showing, wording
from app.membership.models import Consent, Gift, Pledge, SignUp
from app.payments import forgetting as payments


def give(session: Session, account_id: int) -> dict[str, Any]:
    """Pledges, gifts, payments and consents of a person, ready for JSON."""
    return {
        "pledges": [_pledge(one) for one in _mine(session, Pledge, account_id)],
        "gifts": [_gift(one) for one in _mine(session, Gift, account_id)],
        "consents": [_consent(one) for one in _mine(session, Consent, account_id)],
        "payments": [_payment(one) for one in showing.every_payment(session, account_id)],
    }


def forget(session: Session, account: Account, now: datetime) -> None:
    """Take the address out of the forms that were sent, and take every consent back.

    Nothing is charged any more, and nothing kept that arrives: only this room knows of a page to
    pay on that is still open, and of money on its way. What comes of those is this person's, whom
    nobody knows any more, and goes back.
    """
    _close_pages(session, account, now)
    mine = _sent_by(account)
    alone = sa.update(SignUp).where(mine, SignUp.account_id.is_(None))
    session.execute(alone.values(account_id=account.id))
    session.execute(sa.update(SignUp).where(mine).values(email="", email_key="", referrer=None))
    pledges = sa.select(Pledge).where(Pledge.account_id == account.id)
    for pledge in session.scalars(pledges):
        if pledge.give_back_from is None and leaving.can_stop(session, pledge):
            pledge.give_back_from = leaving.unpaid_since(session, pledge, now)
    consenting.withdraw(session, account_id=account.id, kinds=wording.CONSENTS, now=now)


exporting.on_export["support"] = give
erasing.on_erase.append(forget)


def _close_pages(session: Session, account: Account, now: datetime) -> None:
    mine = sa.select(SignUp).where(_sent_by(account)).order_by(SignUp.id)
    found = session.scalars(for_update(mine)).all()
    own = [one for one in found if one.account_id in (None, account.id)]
    payments.ask(
        session,
        f"sign_ups:{account.id}",
        refs=[one.ref for one in found],
        customers=payments.customers_of(session, [one.ref for one in own]),
        checkouts=[one.checkout_id for one in own if one.checkout_id and one.state == "open"],
        now=now,
    )


def _sent_by(account: Account) -> sa.ColumnElement[bool]:
    """The forms of a person, also those of which Stripe told nothing yet."""
    return sa.or_(SignUp.account_id == account.id, SignUp.email_key == (account.email_key or ""))


def _mine(session: Session, table: Any, account_id: int) -> list[Any]:
    own = sa.select(table).where(table.account_id == account_id)
    return list(session.scalars(own.order_by(table.id)))


def _pledge(pledge: Pledge) -> dict[str, Any]:
    return {
        "amount": _plain(pledge.amount, pledge.currency),
        "fee_cover": _plain(pledge.fee_cover, pledge.currency),
        "currency": pledge.currency,
        "interval": pledge.interval,
        "state": pledge.state,
        "started_at": _day(pledge.started_at),
        "paid_through": _day(pledge.paid_through),
        "ended_at": _day(pledge.ended_at),
        "campaign": pledge.campaign,
        "article": pledge.article,
    }


def _gift(gift: Gift) -> dict[str, Any]:
    return {
        "amount": _plain(gift.amount, gift.currency),
        "fee_cover": _plain(gift.fee_cover, gift.currency),
        "currency": gift.currency,
        "state": gift.state,
        "paid_at": _day(gift.paid_at),
        "standing_until": _day(gift.standing_until),
    }


def _consent(consent: Consent) -> dict[str, Any]:
    return {
        "kind": consent.kind,
        "wording": consent.wording,
        "version": consent.wording_version,
        "language": consent.language,
        "given_at": _day(consent.given_at),
        "withdrawn_at": _day(consent.withdrawn_at),
    }


def _payment(payment: showing.Payment) -> dict[str, Any]:
    back = payment.refunded
    return {
        "at": _day(payment.at),
        "amount": payment.total.plain(),
        "currency": payment.total.currency,
        "state": payment.state,
        "refunded": back.plain() if back else "0",
        "receipt": payment.receipt,
    }


def _plain(minor: int, currency: str) -> str:
    return Money(minor, currency).plain()


def _day(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
