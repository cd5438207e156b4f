"""The ledger: every fact about money once, in two sides that sum to nought in each currency.

What is booked is derived from the mirror and is the same however often and in whatever order it
is derived: a charge that succeeded, a refund that succeeded, that refund come back, and what a
balance transaction tells of fees and exchange. Money that is not ours is not booked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.payments.linking import by_id
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
Side = tuple[str, int, str]  # book, signed minor units, currency
Key = tuple[str, str]  # kind, id at Stripe


@dataclass(frozen=True, slots=True)
class _Fact:
    kind: str
    source_id: str
    charge: StripeCharge
    effective_at: datetime
    sides: tuple[Side, ...]


def book(
    session: Session,
    *,
    charges: Collection[StripeCharge],
    refunds: Collection[StripeRefund] = (),
    balance: Collection[StripeBalanceTransaction] = (),
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
    fresh = [charge_id for charge_id in ours if ("charge", charge_id) not in booked]
    known = {r.id: r for r in (*_refunds_of(session, fresh), *refunds) if r.charge_id in ours}
    sources = [*fresh, *(rid for rid, r in known.items() if ("refund", rid) not in booked)]
    moved = {t.id: t for t in (*_balance_of(session, sources), *balance)}
    facts = [*_money(ours.values(), known.values()), *_costs(ours, known, moved.values())]
    _write(session, [f for f in facts if (f.kind, f.source_id) not in booked], now)
    _date_failures(session, [f for f in facts if f.kind == "refund_failed"], booked)


def book_fees(
    session: Session, moved: Collection[StripeBalanceTransaction], *, now: datetime
) -> None:
    """Book the fees of balance transactions whose charge or refund is ours and booked."""
    sources = {t.source_id for t in moved if t.source_id is not None}
    refunds = by_id(session, StripeRefund, sources)
    owners = {r.charge_id for r in refunds.values() if r.charge_id is not None}
    charges = by_id(session, StripeCharge, sources | owners)
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
    of = _TRANSACTIONS.c
    booked = sa.select(of.ref, of.account_id).where(of.ref.in_(list(owners))).distinct()
    astray = {ref for ref, account_id in session.execute(booked) if account_id != owners[ref]}
    if astray:
        claimed = (
            sa.update(_TRANSACTIONS)
            .where(of.ref == sa.bindparam("claimed"))
            .values(account_id=sa.bindparam("owner"))
        )
        session.execute(claimed, [{"claimed": ref, "owner": owners[ref]} for ref in sorted(astray)])


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


def _money(charges: Iterable[StripeCharge], refunds: Iterable[StripeRefund]) -> list[_Fact]:
    facts = []
    by_charge = {charge.id: charge for charge in charges}
    for charge in by_charge.values():
        sides = _given(charge.amount, charge.currency)
        facts.append(_Fact("charge", charge.id, charge, charge.created, sides))
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


def _given(amount: int, currency: str) -> tuple[Side, ...]:
    return (("patrons", -amount, currency), ("stripe", amount, currency)) if amount else ()


def _costs(
    charges: dict[str, StripeCharge],
    refunds: dict[str, StripeRefund],
    moved: Iterable[StripeBalanceTransaction],
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
            facts.append(_Fact("fee", transaction.id, charge, transaction.created, sides))
    return facts


def _settled(transaction: StripeBalanceTransaction, amount: int, currency: str) -> tuple[Side, ...]:
    """The fee, and where the balance has another currency than the payment, the exchange."""
    fee, own = transaction.fee, transaction.currency
    if own == currency:
        sides: list[Side] = [("stripe", -fee, own), ("fees", fee, own)]
    else:
        moved = amount if transaction.amount >= 0 else -amount
        sides = [
            ("stripe", -moved, currency),
            ("exchange", moved, currency),
            ("exchange", -transaction.amount, own),
            ("stripe", transaction.amount - fee, own),
            ("fees", fee, own),
        ]
    return tuple(side for side in sides if side[1])


def _write(session: Session, facts: list[_Fact], now: datetime) -> None:
    facts = [fact for fact in facts if fact.sides]
    if not facts:
        return
    accounts = _accounts(session, {fact.charge.ref for fact in facts})
    rows = [
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
    session.execute(sa.insert(_TRANSACTIONS), rows)
    numbers = _numbers(session, facts)
    entries = [
        {
            "transaction_id": numbers[fact.kind, fact.source_id],
            "book": name,
            "amount": amount,
            "currency": currency,
        }
        for fact in facts
        for name, amount, currency in fact.sides
    ]
    session.execute(sa.insert(_ENTRIES), entries)


def _numbers(session: Session, facts: list[_Fact]) -> dict[Key, int]:
    table = LedgerTransaction
    rows = session.execute(
        sa.select(table.kind, table.source_id, table.id)
        .where(table.source_id.in_({fact.source_id for fact in facts}))
    )  # fmt: skip
    return {(kind, source_id): number for kind, source_id, number in rows}


def _date_failures(session: Session, facts: list[_Fact], booked: dict[Key, datetime]) -> None:
    """The day on which a refund came back may be learned after it was booked."""
    for fact in facts:
        if booked.get((fact.kind, fact.source_id), fact.effective_at) != fact.effective_at:
            session.execute(
                sa.update(LedgerTransaction)
                .where(
                    LedgerTransaction.kind == fact.kind,
                    LedgerTransaction.source_id == fact.source_id,
                )
                .values(effective_at=fact.effective_at)
                .execution_options(synchronize_session=False)
            )


def _booked(session: Session, charges: Iterable[str]) -> dict[Key, datetime]:
    """What is booked of these charges: kind and id, and when it took effect."""
    table = LedgerTransaction
    rows = session.execute(
        sa.select(table.kind, table.source_id, table.effective_at)
        .where(table.charge_id.in_(list(charges)))
    )  # fmt: skip
    return {(kind, source_id): at for kind, source_id, at in rows}


def _accounts(session: Session, refs: Collection[str | None]) -> dict[str | None, int]:
    table = LedgerTransaction
    rows = session.execute(
        sa.select(table.ref, sa.func.min(table.account_id))
        .where(table.ref.in_([ref for ref in refs if ref]), table.account_id.is_not(None))
        .group_by(table.ref)
    )
    return {ref: account_id for ref, account_id in rows if account_id is not None}


def _refunds_of(session: Session, charges: list[str]) -> list[StripeRefund]:
    if not charges:
        return []
    return list(session.scalars(sa.select(StripeRefund).where(StripeRefund.charge_id.in_(charges))))


def _balance_of(session: Session, sources: list[str]) -> list[StripeBalanceTransaction]:
    if not sources:
        return []
    table = StripeBalanceTransaction
    return list(session.scalars(sa.select(table).where(table.source_id.in_(sources))))
