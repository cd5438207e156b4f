"""The mails of this room, one function each. Amounts and dates are written by the templates."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.core.money import Money
from app.mail import outbox
from app.membership.models import Gift, Pledge

MANAGE_LINK = "manage_link"


def welcome(
    session: Session,
    *,
    account: Account,
    ref: str,
    context: dict[str, Any],
    now: datetime,
) -> None:
    """Thank for a first charge or a gift, with the receipt and the ballot."""
    _put(session, account, "welcome", f"welcome:{ref}", context, now)


def receipt(
    session: Session, *, account: Account, charge_id: str, context: dict[str, Any], now: datetime
) -> None:
    """The receipt of a renewal, with the link to stop or change it."""
    _put(session, account, "receipt", f"receipt:{charge_id}", context, now)


def second_pledge(
    session: Session,
    *,
    account: Account,
    ref: str,
    total: Money,
    is_over: bool,
    kept: Pledge | None,
    account_url: str,
    now: datetime,
) -> None:
    """What was charged for a second pledge, or for one that was over, goes back."""
    goes_on = {"total": kept.money, "interval": kept.interval} if kept else None
    context = {"total": total, "is_over": is_over, "kept": goes_on, "account_url": account_url}
    _put(session, account, "second-pledge", f"second:{ref}", context, now)


def failed(
    session: Session, *, account: Account, kept: Pledge | Gift, again: str, now: datetime
) -> None:
    """A first payment that takes days came to nothing; nothing was charged."""
    context = {"total": kept.money, "again_url": again}
    _put(session, account, "payment-failed", f"failed:{kept.ref}", context, now)


def stopped(
    session: Session, *, account: Account, pledge: Pledge, manage_url: str, now: datetime
) -> None:
    """The pledge will end, and until then it can be taken back; or it ended at once."""
    context = {
        "total": pledge.money,
        "interval": pledge.interval,
        "ends_at": pledge.cancels_at,
        "manage_url": manage_url,
    }
    key = f"stopped:{pledge.ref}:{pledge.cancels_at}"
    _put(session, account, "pledge-stopped", key, context, now)


def lapsed(
    session: Session,
    *,
    account: Account,
    pledge: Pledge,
    votes: bool,
    is_tried: bool,
    again_url: str,
    manage_url: str,
    now: datetime,
) -> None:
    """The pledge counts no more, because its charge did not go through; and the way back."""
    context = {
        "total": pledge.money,
        "ended_at": pledge.ended_at,
        "votes": votes,
        "tried": is_tried,
        "again_url": again_url,
        "manage_url": manage_url,
    }
    key = f"lapsed:{pledge.ref}:{pledge.ended_at}"
    _put(session, account, "pledge-lapsed", key, context, now)


def changed(
    session: Session,
    *,
    account: Account,
    pledge: Pledge,
    from_day: datetime | None,
    is_after_due: bool,
    manage_url: str,
    key: str,
    now: datetime,
) -> None:
    """Another amount from the next charge on, or from the one after a charge that is due."""
    context = {
        "amount": Money(pledge.amount, pledge.currency),
        "total": pledge.money,
        "interval": pledge.interval,
        "from_day": from_day,
        "is_after_due": is_after_due,
        "manage_url": manage_url,
    }
    _put(session, account, "pledge-changed", f"changed:{pledge.ref}:{key}", context, now)


def unchanged(
    session: Session,
    *,
    account: Account,
    pledge: Pledge,
    wanted: str,
    asked_at: datetime,
    manage_url: str,
    key: str,
    now: datetime,
) -> None:
    """What was wanted ("stop", "keep", "change") came to nothing: Stripe said no, only later."""
    context = {
        "total": pledge.money,
        "interval": pledge.interval,
        "wanted": wanted,
        "asked_at": asked_at,
        "manage_url": manage_url,
    }
    _put(session, account, "pledge-unchanged", f"unchanged:{pledge.ref}:{key}", context, now)


def upcoming(
    session: Session,
    *,
    account: Account,
    pledge: Pledge,
    on_day: datetime,
    manage_url: str,
    now: datetime,
) -> None:
    """A charge comes soon: the second one, and every yearly one."""
    context = {
        "total": pledge.money,
        "interval": pledge.interval,
        "on_day": on_day,
        "manage_url": manage_url,
    }
    key = f"upcoming:{pledge.ref}:{on_day:%Y-%m-%d}"
    _put(session, account, "charge-upcoming", key, context, now)


def manage_link(
    session: Session,
    *,
    account: Account,
    pledge: Pledge | None,
    manage_url: str,
    key: str,
    secret_until: datetime,
    now: datetime,
) -> None:
    """The link to a pledge that somebody asked for; or that there is none to stop."""
    context = {
        "total": pledge.money if pledge else None,
        "interval": pledge.interval if pledge else None,
        "manage_url": manage_url,
    }
    outbox.put(
        session,
        to=account.email or "",
        language=account.language,
        template="manage-link",
        context=context,
        kind=MANAGE_LINK,
        dedupe_key=f"manage_link:{key}",
        secret_until=secret_until,
        now=now,
    )


def _put(
    session: Session,
    account: Account,
    template: str,
    key: str,
    context: dict[str, Any],
    now: datetime,
) -> None:
    """Write a mail to a person who still has an address."""
    if account.email is None:
        return
    outbox.put(
        session,
        to=account.email,
        language=account.language,
        template=template,
        context=context,
        kind=template.replace("-", "_"),
        dedupe_key=key,
        now=now,
    )
