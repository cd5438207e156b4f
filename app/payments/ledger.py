"""The ledger: every fact about money once, in two sides that sum to nought in each currency.

What is booked is derived from the mirror and is the same however often and in whatever order it
is derived: a charge that succeeded, a refund that succeeded, that refund come back, and what a
balance transaction tells of fees and exchange. Money that is not ours is not booked.

Fees are booked in the currency that was paid, so that what a currency brought, less its fees, is
what is left of it; what Stripe changed into another one stands there without them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.money import in_what_was_paid
from app.core.statements import OneOf, rows, run
from app.payments import copies
from app.payments.copies import Copy
from app.payments.models import (
    LedgerEntry,
    LedgerTransaction,
    StripeBalanceTransaction,
    StripeCharge,
    StripeRefund,
)
from app.payments.projecting import FAILED_REFUND

_TRANSACTIONS: Any = LedgerTransaction.__table__
_ENTRIES: Any = LedgerEntry.__table__
_OF: Any = _TRANSACTIONS.c
_BOOKED = sa.select(_OF.kind, _OF.source_id, _OF.id, _OF.effective_at).where(
    OneOf(_OF.charge_id, "charges")
)
_OWNERS = sa.select(_OF.ref, _OF.account_id).where(OneOf(_OF.ref, "refs")).distinct()
_CLAIM = (
    sa.update(_TRANSACTIONS)
    .where(_OF.ref == sa.bindparam("claimed"))
    .values(account_id=sa.bindparam("owner"))
)
_DATE = (
    sa.update(_TRANSACTIONS)
    .where(_OF.id == sa.bindparam("number"))
    .values(effective_at=sa.bindparam("at"))
)
_BOOK, _ENTER = sa.insert(_TRANSACTIONS), sa.insert(_ENTRIES)
# Rows of the mirror: plain ones, or those that a session holds.
Charge = Copy | StripeCharge
Refund = Copy | StripeRefund
Side = tuple[str, int, str]  # book, signed minor units, currency
Key = tuple[str, str]  # kind, id at Stripe


class _Booked(NamedTuple):
    """A fact that stands in the ledger."""

    id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class _Fact:
    kind: str
    source_id: str
    charge: Charge
    effective_at: datetime
    sides: tuple[Side, ...]


def book(
    session: Session,
    *,
    charges: Collection[Charge],
    refunds: Collection[Refund] = (),
    balance: Collection[Copy] = (),
    now: datetime,
) -> None:
    """Book what these rows say and is not booked yet.

    ``charges`` has the charge of every refund and balance transaction given. What was known
    before a charge became ours (its refunds, its fees) is booked with it.
    """
    ours = {c.id: c for c in charges if c.ref is not None and c.status == "succeeded"}
    if not ours:
        return
    booked = _booked(session, ours)
    dates = {charge_id: booked.get(("charge", charge_id)) for charge_id in ours}
    fresh = [key for key, known in dates.items() if known is None or known.at != _at(ours[key])]
    earlier = copies.where(session, StripeRefund.charge_id, fresh)
    known: dict[str, Refund] = {r.id: r for r in (*earlier, *refunds) if r.charge_id in ours}
    sources = [*fresh, *(rid for rid, r in known.items() if ("refund", rid) not in booked)]
    settled = copies.where(session, StripeBalanceTransaction.source_id, sources)
    moved = {t.id: t for t in (*settled, *balance)}
    facts = [*_money(ours.values(), known.values()), *_costs(ours, known, moved.values())]
    _write(session, [f for f in facts if (f.kind, f.source_id) not in booked], now)
    _date(session, facts, booked)


def book_fees(session: Session, moved: Collection[Copy], *, now: datetime) -> None:
    """Book the fees of balance transactions whose charge or refund is ours and booked."""
    sources = {t.source_id for t in moved if t.source_id is not None}
    refunds = copies.by_id(session, StripeRefund, sources)
    owners = {r.charge_id for r in refunds.values() if r.charge_id is not None}
    charges = copies.by_id(session, StripeCharge, sources | owners)
    told = {*charges, *refunds}
    book(
        session,
        charges=charges.values(),
        refunds=refunds.values(),
        balance=[t for t in moved if t.source_id in told],
        now=now,
    )


def claim(session: Session, owners: Mapping[str, int]) -> None:
    """All money with these references belongs to these accounts, now and when more comes."""
    known = rows(session, _OWNERS, {"refs": list(owners)})
    astray = {ref for ref, account_id in known if account_id != owners[ref]}
    if astray:
        run(session, _CLAIM, [{"claimed": ref, "owner": owners[ref]} for ref in sorted(astray)])


def totals(session: Session) -> dict[str, dict[str, int]]:
    """What each book holds, per currency: {"EUR": {"patrons": -500, "stripe": 470, "fees": 30}}."""
    rows = session.execute(
        sa.select(LedgerEntry.currency, LedgerEntry.book, sa.func.sum(LedgerEntry.amount))
        .group_by(LedgerEntry.currency, LedgerEntry.book)
    )  # fmt: skip
    found: dict[str, dict[str, int]] = {}
    for currency, name, amount in rows:
        found.setdefault(currency, {})[name] = int(amount)
    return found


def _money(charges: Iterable[Charge], refunds: Iterable[Refund]) -> list[_Fact]:
    facts = []
    by_charge = {charge.id: charge for charge in charges}
    for charge in by_charge.values():
        sides = _given(charge.amount, charge.currency)
        facts.append(_Fact("charge", charge.id, charge, _at(charge), sides))
    for refund in refunds:
        charge = by_charge[refund.charge_id or ""]
        if not refund.was_succeeded:
            continue
        back = _given(-refund.amount, refund.currency)
        facts.append(_Fact("refund", refund.id, charge, refund.created, back))
        if refund.status in FAILED_REFUND:
            again = _given(refund.amount, refund.currency)
            failed_at = refund.failed_at or refund.created
            facts.append(_Fact("refund_failed", refund.id, charge, failed_at, again))
    return facts


def _at(charge: Charge) -> datetime:
    """When the money came."""
    at: datetime = charge.came_at or charge.created
    return at


def _given(amount: int, currency: str) -> tuple[Side, ...]:
    return (("patrons", -amount, currency), ("stripe", amount, currency)) if amount else ()


def _costs(
    charges: dict[str, Charge],
    refunds: dict[str, Refund],
    moved: Iterable[Copy],
) -> list[_Fact]:
    facts = []
    for transaction in moved:
        refund = refunds.get(transaction.source_id or "")
        charge = charges.get((refund.charge_id if refund else transaction.source_id) or "")
        if charge is None or (refund is not None and not refund.was_succeeded):
            continue
        source = refund or charge
        sides = _settled(transaction, source.amount, source.currency)
        if sides:
            # Of a debit Stripe moves the money already when it asks the bank for it.
            at = max(transaction.created, _at(charge))
            facts.append(_Fact("fee", transaction.id, charge, at, sides))
    return facts


def _settled(transaction: Copy, amount: int, currency: str) -> tuple[Side, ...]:
    """The fee, and where the balance has another currency than the payment, the exchange."""
    own = transaction.currency
    if own == currency:
        sides = [("stripe", -transaction.fee, own), ("fees", transaction.fee, own)]
    else:
        moved = amount if transaction.amount >= 0 else -amount
        left = transaction.amount - transaction.fee
        fee = in_what_was_paid(transaction.fee, paid=amount, became=transaction.amount)
        sides = [
            ("stripe", -moved, currency),
            ("fees", fee, currency),
            ("exchange", moved - fee, currency),
            ("exchange", -left, own),
            ("stripe", left, own),
        ]
    return tuple(side for side in sides if side[1])


def _write(session: Session, facts: list[_Fact], now: datetime) -> None:
    facts = [fact for fact in facts if fact.sides]
    if not facts:
        return
    accounts = _accounts(session, {fact.charge.ref for fact in facts})
    transactions = [
        {
            "kind": fact.kind,
            "source_id": fact.source_id,
            "charge_id": fact.charge.id,
            "ref": fact.charge.ref,
            "account_id": accounts.get(fact.charge.ref),
            "effective_at": fact.effective_at,
            "booked_at": now,
        }
        for fact in facts
    ]
    run(session, _BOOK, transactions)
    booked = _booked(session, {fact.charge.id for fact in facts})
    entries = [
        {
            "transaction_id": booked[fact.kind, fact.source_id].id,
            "book": name,
            "amount": amount,
            "currency": currency,
        }
        for fact in facts
        for name, amount, currency in fact.sides
    ]
    run(session, _ENTER, entries)


def _date(session: Session, facts: list[_Fact], booked: dict[Key, _Booked]) -> None:
    """The day of a debit, or of a refund that came back, may be learned after it was booked."""
    for fact in facts:
        known = booked.get((fact.kind, fact.source_id))
        if known is not None and known.at != fact.effective_at:
            run(session, _DATE, {"number": known.id, "at": fact.effective_at})


def _booked(session: Session, charges: Iterable[str]) -> dict[Key, _Booked]:
    """What is booked of these charges, by kind and id."""
    found = rows(session, _BOOKED, {"charges": list(charges)})
    return {(kind, source_id): _Booked(*rest) for kind, source_id, *rest in found}


def _accounts(session: Session, refs: Collection[str | None]) -> dict[str | None, int]:
    """Whose the money with these references was until now."""
    found = rows(session, _OWNERS, {"refs": [ref for ref in refs if ref]})
    return {ref: account_id for ref, account_id in found if account_id is not None}
