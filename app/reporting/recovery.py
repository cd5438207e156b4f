"""Renewals that failed at first, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.money import Money
from app.payments.models import StripeInvoice
from app.reporting.months import Month


@dataclass(frozen=True, slots=True)
class Recovery:
    """Of the renewals that first failed in a month: all of them, and those paid later."""

    month: Month
    failed: int
    recovered: int
    value_failed: Money
    value_recovered: Money


def by_month(session: Session, *, months: Sequence[Month], currency: str) -> list[Recovery]:
    """Renewal invoices whose first try failed in each month; one query.

    Open ones stay in the denominator. Source: Churn Buster.
    """
    failed_at = StripeInvoice.first_failed_at
    bucket = sa.case(*[(failed_at < m.end, i) for i, m in enumerate(months)], else_=-1)
    paid = sa.case((StripeInvoice.status == "paid", 1), else_=0)
    rows = session.execute(
        sa.select(
            bucket.label("bucket"),
            sa.func.count(),
            sa.func.sum(paid),
            sa.func.sum(StripeInvoice.total),
            sa.func.sum(StripeInvoice.total * paid),
        )
        .where(failed_at >= months[0].start, failed_at < months[-1].end)
        .where(StripeInvoice.billing_reason == "subscription_cycle")
        .where(StripeInvoice.currency == currency)
        .group_by("bucket")
    )
    sums = {row[0]: [int(value) for value in row[1:]] for row in rows}
    result = []
    for index, month in enumerate(months):
        failed, recovered, value, back = sums.get(index, [0, 0, 0, 0])
        result.append(
            Recovery(month, failed, recovered, Money(value, currency), Money(back, currency))
        )
    return result
