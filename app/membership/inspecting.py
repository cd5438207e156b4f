"""One person as the desk sees them: what they give, what changed, what they allowed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.core.audit import AuditEntry
from app.core.errors import NotFound
from app.core.i18n import gettext as _
from app.core.money import Money
from app.core.statements import Plain
from app.mail.models import OutboxMessage
from app.membership import history, listing, queries, showing, standing, wording
from app.membership.models import Consent, Gift, Pledge
from app.payments.models import LedgerEntry, LedgerTransaction

MOST_MAILS = 12
MOST_PAYMENTS = 100


@dataclass(frozen=True, slots=True)
class Person:
    """Who it is, as far as the reader of the page may know."""

    id: int
    name: str | None
    email: str | None
    since: datetime
    language: str


@dataclass(frozen=True, slots=True)
class Line:
    """Something that was so from a moment on, in words."""

    at: datetime
    text: str
    tells_amount: bool


@dataclass(frozen=True, slots=True)
class Inspected:
    """All of one person's page."""

    person: Person
    pledge: Pledge | None
    state: str
    standing: bool
    history: list[Line]
    payments: list[showing.Payment]
    fees: dict[str, Money]  # by the charge's id
    sums: list[showing.Sum]
    consents: list[Consent]
    mails: list[OutboxMessage]
    acts: list[AuditEntry]


def person(session: Session, account_id: int, *, all_names: bool, now: datetime) -> Inspected:
    """One person who gave; raises NotFound for anybody else."""
    account = session.get(Account, account_id)
    pledges = _pledges(session, account_id)
    if account is None or not (pledges or _gave_once(session, account_id)):
        raise NotFound()
    is_known = all_names or account_id in queries.known_to_newsroom(session, [account_id])
    last = queries.last_pledge_of(session, account_id)
    return Inspected(
        person=_person(account, is_known=is_known),
        pledge=last,
        state=listing.state_of(last),
        standing=standing.in_good_standing(session, account_id, now),
        history=_history(session, pledges),
        payments=showing.newest_payments(session, account_id, most=MOST_PAYMENTS),
        fees=_fees(session, account_id),
        sums=showing.sums(session, account_id),
        consents=_consents(session, account_id),
        mails=_mails(session, account) if is_known else [],
        acts=_acts(session, account_id),
    )


def _person(account: Account, *, is_known: bool) -> Person:
    return Person(
        id=account.id,
        name=account.name if is_known else None,
        email=account.email if is_known else None,
        since=account.created_at,
        language=account.language,
    )


def _pledges(session: Session, account_id: int) -> dict[int, Pledge]:
    mine = sa.select(Pledge).where(Pledge.account_id == account_id)
    return {pledge.id: pledge for pledge in session.scalars(mine)}


def _gave_once(session: Session, account_id: int) -> bool:
    return session.scalar(sa.select(Gift.id).where(Gift.account_id == account_id)) is not None


def _history(session: Session, pledges: dict[int, Pledge]) -> list[Line]:
    """What changed, newest first; what came and was the same already is left out."""
    lines: list[Line] = []
    before: dict[int, tuple[str, int, str]] = {}
    for row in history.changes(session, list(pledges)):
        now = (row.state, row.total, row.interval)
        if before.get(row.pledge_id) != now:
            text = _words(row, pledges[row.pledge_id])
            lines.append(Line(row.effective_at, text, row.state == "active"))
        before[row.pledge_id] = now
    return lines[::-1]


def _words(row: Plain, pledge: Pledge) -> str:
    if row.state == "active":
        return wording.rate(row.interval, Money(row.total, pledge.currency))
    words = {
        "past_due": _("the charge failed and is tried again"),
        "lapsed": _("left: the charge failed for longer than the grace"),
        "paused": _("paused"),
    }
    endings = {
        "voluntary": _("left, by their own wish"),
        "involuntary": _("left: the charge failed for good"),
        "dispute": _("left: a charge was disputed"),
    }
    return words.get(row.state) or endings.get(row.reason or "", _("left"))


def _fees(session: Session, account_id: int) -> dict[str, Money]:
    """What the processor kept of each charge, where it is booked."""
    rows = session.execute(
        sa.select(
            LedgerTransaction.charge_id, LedgerEntry.currency, sa.func.sum(LedgerEntry.amount)
        )
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .where(LedgerTransaction.account_id == account_id, LedgerEntry.book == "fees")
        .group_by(LedgerTransaction.charge_id, LedgerEntry.currency)
    )
    return {charge: Money(int(amount), currency) for charge, currency, amount in rows if charge}


def _consents(session: Session, account_id: int) -> list[Consent]:
    mine = sa.select(Consent).where(Consent.account_id == account_id)
    return list(session.scalars(mine.order_by(Consent.given_at.desc(), Consent.id.desc())))


def _mails(session: Session, account: Account) -> list[OutboxMessage]:
    if account.email is None:
        return []
    mine = sa.select(OutboxMessage).where(OutboxMessage.to_key == account.email_key)
    return list(session.scalars(mine.order_by(OutboxMessage.id.desc()).limit(MOST_MAILS)))


def _acts(session: Session, account_id: int) -> list[AuditEntry]:
    """What people of the newsroom did about this person."""
    subject = AuditEntry.subject == f"account:{account_id}"
    return list(
        session.scalars(sa.select(AuditEntry).where(subject).order_by(AuditEntry.id.desc()))
    )
