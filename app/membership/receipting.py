"""Receipts: one a charge that succeeded, numbered without gaps within the year of the charge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.db import for_update, insert_once
from app.core.errors import NotFound
from app.core.money import Money
from app.membership import queries
from app.membership.models import Gift, Pledge, Receipt, ReceiptBook, SignUp
from app.payments.models import StripeCharge


@dataclass(frozen=True, slots=True)
class Paper:
    """A receipt as it is printed. ``amount`` and ``fee_cover`` make the total that was charged."""

    id: int
    name: str  # "2026-1952"
    at: datetime
    interval: str
    amount: Money
    fee_cover: Money
    total: Money
    refunded: Money
    card_brand: str | None
    card_last4: str | None


def issue(
    session: Session,
    *,
    charge: StripeCharge,
    kept: Pledge | Gift,
    timezone: str,
    now: datetime,
) -> Receipt:
    """Give a charge its receipt's number, once; asked again, it is the same receipt."""
    year = charge.at.astimezone(ZoneInfo(timezone)).year
    book = _book(session, year)
    found = session.scalar(sa.select(Receipt).where(Receipt.charge_id == charge.id))
    if found is not None:
        return found
    book.last_number += 1
    receipt = Receipt(
        charge_id=charge.id,
        account_id=kept.account_id,
        ref=kept.ref,
        year=year,
        number=book.last_number,
        interval=kept.interval,
        fee_cover=_fee_cover(session, kept, charge.amount),
        issued_at=now,
    )
    session.add(receipt)
    session.flush()
    return receipt


def paper(session: Session, *, receipt_id: int, account_id: int) -> Paper:
    """One receipt of this person's; raises NotFound for another's as for none."""
    receipt = session.get(Receipt, receipt_id)
    if receipt is None or receipt.account_id != account_id:
        raise NotFound()
    return written(receipt, session.get_one(StripeCharge, receipt.charge_id))


def written(receipt: Receipt, charge: StripeCharge) -> Paper:
    """What a receipt says."""

    def money(minor: int) -> Money:
        return Money(minor, charge.currency)

    return Paper(
        id=receipt.id,
        name=f"{receipt.year}-{receipt.number}",
        at=charge.at,
        interval=receipt.interval,
        amount=money(charge.amount - receipt.fee_cover),
        fee_cover=money(receipt.fee_cover),
        total=money(charge.amount),
        refunded=money(charge.amount_refunded),
        card_brand=charge.card_brand,
        card_last4=charge.card_last4,
    )


def _book(session: Session, year: int) -> ReceiptBook:
    """The year's last number, locked until the next one is written."""
    locked = for_update(sa.select(ReceiptBook).where(ReceiptBook.year == year))
    book = session.scalar(locked)
    if book is None:
        insert_once(session, ReceiptBook, {"year": year, "last_number": 0})
        book = session.scalars(locked).one()
    return book


def _fee_cover(session: Session, kept: Pledge | Gift, total: int) -> int:
    """The part of a charge that was added for the fee."""
    sign_up = session.scalar(sa.select(SignUp).where(SignUp.ref == kept.ref))
    pledge = kept if isinstance(kept, Pledge) else None
    return queries.parts_of(total, pledge, sign_up)[1]
