"""Renewals that failed at first, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.money import Money
from app.payments.models import StripeInvoice
from app.reporting.months import Month


@dataclass(frozen=True, slots=True)
class Recovery:
    """Of the renewals that first failed in a month: all of them, and those paid later."""

    failed: int
    recovered: int
    value_failed: Money
    value_recovered: Money


def recovery(session: Session, *, month: Month, currency: str) -> Recovery:
    """Renewal invoices whose first try failed in the month; open ones stay in the denominator.

    Source: Churn Buster.
    """
    paid = sa.case((StripeInvoice.status == "paid", 1), else_=0)
    row = session.execute(
        sa.select(
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(paid), 0),
            sa.func.coalesce(sa.func.sum(StripeInvoice.total), 0),
            sa.func.coalesce(sa.func.sum(StripeInvoice.total * paid), 0),
        )
        .where(StripeInvoice.first_failed_at >= month.start)
        .where(StripeInvoice.first_failed_at < month.end)
        .where(StripeInvoice.billing_reason == "subscription_cycle")
        .where(StripeInvoice.currency == currency)
    ).one()
    return Recovery(
        int(row[0]), int(row[1]), Money(int(row[2]), currency), Money(int(row[3]), currency)
    )
