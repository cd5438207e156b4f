"""Whose money it is: a renewal's charge says neither its invoice nor our reference.

The chain is charge - payment intent - invoice payment - invoice (with our metadata). The links
arrive in any order; each of them completes what is there. What is given once says itself whose it
is: its charge has the metadata of its payment intent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.core.db import insert_once
from app.core.statements import OneOf, run
from app.payments import copies
from app.payments.changes import Kind
from app.payments.copies import Copy
from app.payments.models import (
    StripeCharge,
    StripeInvoice,
    StripeInvoicePayment,
    Unclaimed,
)

_UNCLAIMED: Any = Unclaimed.__table__
_CLAIM = sa.delete(_UNCLAIMED).where(OneOf(_UNCLAIMED.c.stripe_id, "claimed"))


@dataclass(slots=True)
class Touched:
    """The rows of one transaction by their id, and after ``link`` their neighbours."""

    invoices: dict[str, Copy] = field(default_factory=dict)
    invoice_payments: dict[str, Copy] = field(default_factory=dict)
    charges: dict[str, Copy] = field(default_factory=dict)
    refunds: dict[str, Copy] = field(default_factory=dict)

    def by_kind(self) -> dict[Kind, dict[str, Copy]]:
        """The places of the rows by what they are; others stand on no chain."""
        return {
            "invoice": self.invoices,
            "invoice_payment": self.invoice_payments,
            "charge": self.charges,
            "refund": self.refunds,
        }


def link(session: Session, touched: Touched) -> tuple[list[Copy], list[Copy]]:
    """Give charges the reference that their chain has.

    Gives the charges that became ours just now, and all that are to be written for it. The touched
    rows need not be written yet: what they say is taken from memory.
    """
    _fetch(session, touched)
    by_intent = {p.payment_intent_id: p for p in touched.invoice_payments.values()}
    by_charge = {p.charge_id: p for p in touched.invoice_payments.values() if p.charge_id}
    claimed, changed = [], []
    for charge in touched.charges.values():
        intent = charge.payment_intent_id
        payment = by_charge.get(charge.id) or (by_intent.get(intent) if intent else None)
        invoice_id = charge.invoice_id or (payment.invoice_id if payment else None)
        parent = touched.invoices.get(invoice_id or "")
        ref = charge.ref or (parent.ref if parent is not None else None)
        if ref is not None and charge.ref is None:
            claimed.append(charge)
        if (ref, invoice_id) != (charge.ref, charge.invoice_id):
            charge.ref, charge.invoice_id = ref, invoice_id
            changed.append(charge)
    return claimed, changed


def note_unclaimed(
    session: Session,
    charges: Iterable[Copy],
    *,
    claimed: Collection[Copy],
    now: datetime,
) -> None:
    """Keep apart the money that nobody of ours stands behind; take back what was claimed."""
    if claimed:
        run(session, _CLAIM, {"claimed": [row.id for row in claimed]})
    lost = [charge for charge in charges if charge.status == "succeeded" and charge.ref is None]
    rows = [
        {
            "stripe_id": charge.id,
            "type": "charge",
            "amount": charge.amount,
            "currency": charge.currency,
            "customer_id": charge.customer_id,
            "seen_at": now,
        }
        for charge in lost
    ]
    if rows:
        insert_once(session, Unclaimed, rows)


def _fetch(session: Session, touched: Touched) -> None:
    """Bring in what stands beside the touched rows on their chains."""
    payment, charge, invoice = StripeInvoicePayment, StripeCharge, StripeInvoice
    asking = [c for c in touched.charges.values() if c.ref is None or c.invoice_id is None]
    intents = {c.payment_intent_id for c in asking}
    directly = {c.id for c in asking if c.payment_intent_id is None}
    _bring(session, touched.invoice_payments, payment.payment_intent_id, intents)
    _bring(session, touched.invoice_payments, payment.charge_id, directly)
    _bring(session, touched.invoice_payments, payment.invoice_id, set(touched.invoices))
    payments = touched.invoice_payments.values()
    paid_by = {p.payment_intent_id for p in payments}
    _bring(session, touched.charges, charge.payment_intent_id, paid_by)
    charge_ids = {p.charge_id for p in payments}
    charge_ids |= {r.charge_id for r in touched.refunds.values()}
    _bring(session, touched.charges, charge.id, charge_ids)
    _bring(session, touched.invoices, invoice.id, {p.invoice_id for p in payments})


def _bring(
    session: Session,
    into: dict[str, Copy],
    column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None],
    values: set[str | None] | set[str],
) -> None:
    wanted = values - set(into) if column.key == "id" else values
    for row in copies.where(session, column, wanted):
        into.setdefault(row.id, row)
