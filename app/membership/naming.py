"""The name that a person wants to be known by."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts.models import Account


def rename(session: Session, *, account_id: int, name: str | None) -> None:
    """Use this name from now on, or none; it is shown only where a consent says so."""
    session.execute(sa.update(Account).where(Account.id == account_id).values(name=name))
