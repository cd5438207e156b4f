"""Whose money it is: a renewal's charge says neither its invoice nor our reference.

The chain is charge - payment intent - invoice payment - invoice (with our metadata), or, for
money given once, charge - payment intent - checkout. The links arrive in any order; each of them
completes what is there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from app.core.db import Base
from app.payments.changes import Kind
from app.payments.models import (
    StripeCharge,
    StripeCheckout,
    StripeInvoice,
    StripeInvoicePayment,
    StripeRefund,
    Unclaimed,
)

M = TypeVar("M", bound=Base)


@dataclass(slots=True)
class Touched:
    """The rows of one transaction, and after ``link`` their neighbours."""

    checkouts: dict[str, StripeCheckout] = field(default_factory=dict)
    invoices: dict[str, StripeInvoice] = field(default_factory=dict)
    invoice_payments: dict[str, StripeInvoicePayment] = field(default_factory=dict)
    charges: dict[str, StripeCharge] = field(default_factory=dict)
    refunds: dict[str, StripeRefund] = field(default_factory=dict)

    def by_kind(self) -> dict[Kind, dict[str, Any]]:
        """The places of the rows by what they are; subscriptions stand on no chain."""
        return {
            "checkout": self.checkouts,
            "invoice": self.invoices,
            "invoice_payment": self.invoice_payments,
            "charge": self.charges,
            "refund": self.refunds,
        }


def link(session: Session, touched: Touched) -> list[StripeCharge]:
    """Give charges the reference that their chain has; the charges that became ours just now.

    The touched rows need not be written yet: what they say is taken from memory.
    """
    with session.no_autoflush:
        _fetch(session, touched)
    by_intent = {p.payment_intent_id: p for p in touched.invoice_payments.values()}
    by_charge = {p.charge_id: p for p in touched.invoice_payments.values() if p.charge_id}
    checkouts = {c.payment_intent_id: c for c in touched.checkouts.values()}
    claimed, changed = [], []
    for charge in touched.charges.values():
        intent = charge.payment_intent_id
        payment = by_charge.get(charge.id) or (by_intent.get(intent) if intent else None)
        invoice_id = charge.invoice_id or (payment.invoice_id if payment else None)
        parent = touched.invoices.get(invoice_id or "") or (
            checkouts.get(intent) if intent else None
        )
        ref = charge.ref or (parent.ref if parent is not None else None)
        if (ref, invoice_id) != (charge.ref, charge.invoice_id):
            changed.append({"id": charge.id, "ref": ref, "invoice_id": invoice_id})
        if ref is not None and charge.ref is None:
            claimed.append(charge)
    _update(session, touched, changed)
    return claimed


def note_unclaimed(
    session: Session, charges: Iterable[StripeCharge], *, cause: str | None, now: datetime
) -> None:
    """Keep apart the money that nobody of ours stands behind; take back what was claimed."""
    charges = [charge for charge in charges if charge.status == "succeeded"]
    known = by_id(session, Unclaimed, [charge.id for charge in charges])
    for charge in charges:
        if charge.ref is not None and charge.id in known:
            session.delete(known[charge.id])
        if charge.ref is None and charge.id not in known:
            session.add(
                Unclaimed(
                    stripe_id=charge.id,
                    type="charge",
                    amount=charge.amount,
                    currency=charge.currency,
                    customer_id=charge.customer_id,
                    first_event_id=cause,
                    seen_at=now,
                )
            )


def by_id(session: Session, model: type[M], ids: Iterable[str]) -> dict[str, M]:
    """Rows by their id at Stripe, in one statement."""
    wanted = set(ids)
    if not wanted:
        return {}
    key = sa.inspect(model).primary_key[0]
    rows = session.scalars(sa.select(model).where(key.in_(wanted)))
    return {getattr(row, key.name): row for row in rows}


def _update(session: Session, touched: Touched, changed: list[dict[str, Any]]) -> None:
    """Rows that are there already in one statement; new ones are still to be written anyway."""
    there = []
    for values in changed:
        charge = touched.charges[values["id"]]
        if sa.inspect(charge).persistent:
            there.append(values)
            set_committed_value(charge, "ref", values["ref"])
            set_committed_value(charge, "invoice_id", values["invoice_id"])
        else:
            charge.ref, charge.invoice_id = values["ref"], values["invoice_id"]
    if there:
        session.execute(sa.update(StripeCharge), there)


def _fetch(session: Session, touched: Touched) -> None:
    """Bring in what stands beside the touched rows on their chains."""
    asking = [c for c in touched.charges.values() if c.ref is None or c.invoice_id is None]
    intents = {c.payment_intent_id for c in asking}
    _bring(session, touched.invoice_payments, StripeInvoicePayment.payment_intent_id, intents)
    _bring(
        session, touched.invoice_payments, StripeInvoicePayment.charge_id,
        {c.id for c in asking if c.payment_intent_id is None},
    )  # fmt: skip
    _bring(
        session, touched.invoice_payments, StripeInvoicePayment.invoice_id, set(touched.invoices)
    )
    payments = touched.invoice_payments.values()
    paid_by = {p.payment_intent_id for p in payments}
    paid_by |= {c.payment_intent_id for c in touched.checkouts.values()}
    _bring(session, touched.charges, StripeCharge.payment_intent_id, paid_by)
    charge_ids = {p.charge_id for p in payments}
    charge_ids |= {r.charge_id for r in touched.refunds.values()}
    _bring(session, touched.charges, StripeCharge.id, charge_ids)
    _bring(session, touched.invoices, StripeInvoice.id, {p.invoice_id for p in payments})
    alone = {c.payment_intent_id for c in touched.charges.values() if c.ref is None}
    _bring(session, touched.checkouts, StripeCheckout.payment_intent_id, alone)


def _bring(
    session: Session,
    into: dict[str, M],
    column: sa.orm.InstrumentedAttribute[str] | sa.orm.InstrumentedAttribute[str | None],
    values: set[str | None] | set[str],
) -> None:
    wanted = {value for value in values if value is not None}
    if column.key == "id":
        wanted -= set(into)
    if wanted:
        model = column.class_
        for row in session.scalars(sa.select(model).where(column.in_(wanted))):
            into.setdefault(row.id, row)
