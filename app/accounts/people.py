"""Who a person is: one address, one row, whoever meets it first."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.core.db import insert_once
from app.core.forms import email_key


def find_or_create(
    session: Session, *, email: str, language: str, name: str | None = None, now: datetime
) -> Account:
    """The person with this address; two who ask at once get the same row.

    Who is there already keeps their name and language: an address that somebody typed proves
    nothing yet.
    """
    return find_or_create_each(session, {email: language}, name=name, now=now)[email]


def find_or_create_each(
    session: Session, languages: Mapping[str, str], *, name: str | None = None, now: datetime
) -> dict[str, Account]:
    """The people with these addresses, by address as it is given here; two reads for all."""
    if not languages:
        return {}
    addresses = {email: email.strip() for email in languages}
    rows = {
        email_key(address): {
            "public_id": str(uuid.uuid4()),
            "email": address,
            "email_key": email_key(address),
            "name": name,
            "language": languages[email],
            "created_at": now,
        }
        for email, address in reversed(addresses.items())  # of two spellings the first is kept
    }
    insert_once(session, Account, [rows[key] for key in sorted(rows)])
    there = session.scalars(sa.select(Account).where(Account.email_key.in_(list(rows))))
    by_key = {row.email_key: row for row in there}
    if len(by_key) < len(rows):
        raise LookupError("the account that was just made is not there")
    return {email: by_key[email_key(address)] for email, address in addresses.items()}


def by_email(session: Session, email: str) -> Account | None:
    """The person with this address, however its letters are cased."""
    key = email_key(email.strip())
    return session.scalar(sa.select(Account).where(Account.email_key == key))


def is_anybody(session: Session) -> bool:
    """Whether this newsroom knows anybody yet."""
    return session.scalar(sa.select(sa.exists().where(Account.id > 0))) is True


def change_language(session: Session, *, account_id: int, language: str) -> None:
    """Write to a person in this language from now on, and show pages in it."""
    mine = sa.update(Account).where(Account.id == account_id)
    session.execute(mine.values(language=language))
