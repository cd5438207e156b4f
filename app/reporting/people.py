"""Who stands behind a figure: the lists that every figure opens into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.core.money import Money, round_half_up
from app.core.pagination import Cursor, Page, page_by_id
from app.membership.models import Consent, Pledge
from app.payments.models import StripeCharge, StripeInvoice
from app.reporting.models import Movement
from app.reporting.months import Month
from app.reporting.mrr import PER_UNIT


@dataclass(frozen=True, slots=True)
class PatronRow:
    """One pledge in a list, with what the list is about."""

    id: int
    account_id: int
    name: str | None
    email: str | None
    charge: Money
    interval: str
    state: str
    since: datetime
    ends: datetime | None
    source: str | None  # the campaign or the article they came by


@dataclass(frozen=True, slots=True)
class MovementRow:
    """One movement in a list; ``delta`` is a month's worth, rounded for the eye."""

    id: int
    account_id: int
    name: str | None
    email: str | None
    at: datetime
    kind: str
    delta: Money
    reason: str | None


@dataclass(frozen=True, slots=True)
class FailedRow:
    """A charge that failed and is tried again."""

    account_id: int
    name: str | None
    email: str | None
    amount: Money
    failed_at: datetime
    next_try: datetime | None
    attempts: int
    code: str | None


Row = TypeVar("Row", PatronRow, MovementRow, FailedRow)


def patrons(
    session: Session, *, which: str, cursor: Cursor, currency: str | None = None
) -> Page[PatronRow]:
    """The pledges behind active patrons, at risk or ending, newest first; or of one currency."""
    query = (
        sa.select(Pledge, Account.name, Account.email)
        .join(Account, Account.id == Pledge.account_id)
        .where(Pledge.state.in_(("active", "past_due")), Pledge.started_at.is_not(None))
    )
    if which == "at-risk":
        query = query.where(Pledge.state == "past_due")
    elif which == "ending":
        query = query.where(Pledge.cancels_at.is_not(None))
    if currency is not None:
        query = query.where(Pledge.currency == currency)
    page = page_by_id(session, query, key=Pledge.id, cursor=cursor, key_of=lambda row: row[0].id)
    return Page([_patron(row) for row in page.rows], page.after, page.before)


def newest(session: Session, *, most: int) -> list[PatronRow]:
    """The people who became patrons last."""
    query = (
        sa.select(Pledge, Account.name, Account.email)
        .join(Account, Account.id == Pledge.account_id)
        .where(Pledge.started_at.is_not(None), Pledge.state != "duplicate")
        .order_by(Pledge.started_at.desc(), Pledge.id.desc())
        .limit(most)
    )
    return [_patron(row) for row in session.execute(query)]


def moved(
    session: Session, *, month: Month, kind: str | None, currency: str, cursor: Cursor
) -> Page[MovementRow]:
    """The people behind a month's movements, of one kind or all; newest first."""
    query = (
        sa.select(Movement, Account.name, Account.email)
        .join(Account, Account.id == Movement.account_id)
        .where(Movement.occurred_at >= month.start, Movement.occurred_at < month.end)
        .where(Movement.currency == currency)
    )
    if kind is not None:
        query = query.where(Movement.kind == kind)
    page = page_by_id(session, query, key=Movement.id, cursor=cursor, key_of=lambda row: row[0].id)
    rows = [
        MovementRow(
            id=move.id,
            account_id=move.account_id,
            name=name,
            email=email,
            at=move.occurred_at,
            kind=move.kind,
            delta=Money(round_half_up(move.delta, PER_UNIT), move.currency),
            reason=move.reason,
        )
        for move, name, email in page.rows
    ]
    return Page(rows, page.after, page.before)


def failing(
    session: Session, *, currency: str, most: int, among: Sequence[int] | None = None
) -> list[FailedRow]:
    """Patrons whose renewal failed and is still tried, the oldest failure first.

    ``among``: only these accounts.
    """
    query = (
        sa.select(StripeInvoice, Account, _last_failure())
        .join(Pledge, Pledge.subscription_id == StripeInvoice.subscription_id)
        .join(Account, Account.id == Pledge.account_id)
        .where(Pledge.state == "past_due", Pledge.currency == currency)
        .where(StripeInvoice.status == "open")
        .where(StripeInvoice.first_failed_at.is_not(None))
        .order_by(StripeInvoice.first_failed_at)
        .limit(most)
    )
    if among is not None:
        query = query.where(Pledge.account_id.in_(among))
    return [
        FailedRow(
            account_id=account.id,
            name=account.name,
            email=account.email,
            amount=Money(invoice.amount_due, invoice.currency),
            failed_at=invoice.first_failed_at or invoice.created,
            next_try=invoice.next_payment_attempt,
            attempts=invoice.attempt_count,
            code=code,
        )
        for invoice, account, code in session.execute(query)
    ]


def named(session: Session, rows: Sequence[Row], all_names: bool) -> list[Row]:
    """The rows with the names that may be seen: all, or of those who allowed the newsroom."""
    if all_names:
        return list(rows)
    allowed = sa.select(Consent.account_id).where(
        Consent.account_id.in_([row.account_id for row in rows]),
        Consent.kind == "know_me",
        Consent.withdrawn_at.is_(None),
    )
    known = set(session.scalars(allowed))
    return [r if r.account_id in known else replace(r, name=None, email=None) for r in rows]


def _last_failure() -> Any:
    """Why an invoice was not paid: the newest failure since, for a charge does not name its own."""
    return (
        sa.select(StripeCharge.failure_code)
        .where(StripeCharge.customer_id == StripeInvoice.customer_id)
        .where(StripeCharge.status == "failed", StripeCharge.created >= StripeInvoice.created)
        .order_by(StripeCharge.created.desc())
        .limit(1)
        .scalar_subquery()
    )


def _patron(row: Any) -> PatronRow:
    pledge, name, email = row
    return PatronRow(
        id=pledge.id,
        account_id=pledge.account_id,
        name=name,
        email=email,
        charge=Money(pledge.total, pledge.currency),
        interval=pledge.interval,
        state=pledge.state,
        since=pledge.started_at,
        ends=pledge.cancels_at,
        source=pledge.campaign or pledge.article,
    )
