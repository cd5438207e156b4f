"""What a person allows us to do with their name: each a row, in the words they saw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.db import insert_once
from app.membership import wording
from app.membership.cases import Draft
from app.membership.models import Consent


def given(session: Session, account_id: int) -> list[Consent]:
    """What this person allowed and did not take back."""
    mine = sa.select(Consent).where(Consent.account_id == account_id)
    return list(session.scalars(mine.where(Consent.withdrawn_at.is_(None)).order_by(Consent.id)))


def give(
    session: Session,
    *,
    account_id: int,
    consents: Iterable[Mapping[str, Any]],
    language: str,
    now: datetime,
) -> None:
    """Write down what was ticked; what was given already stays as it was worded then."""
    for one in consents:
        row = {
            "account_id": account_id,
            "kind": one["kind"],
            "wording": one["wording"],
            "wording_version": one["version"],
            "language": language,
            "given_at": now,
        }
        insert_once(session, Consent, row)


def give_as_ticked(session: Session, sign_up: Draft) -> None:
    """Write down what was ticked on the form of a sign-up that is kept."""
    give(
        session,
        account_id=sign_up.account_id,
        consents=sign_up.consents,
        language=sign_up.language,
        now=sign_up.created_at,
    )


def withdraw(session: Session, *, account_id: int, kinds: Iterable[str], now: datetime) -> None:
    """Take consents back; from this moment they are honoured no more."""
    for consent in given(session, account_id):
        if consent.kind in set(kinds):
            consent.withdrawn_at = max(now, consent.given_at)
    session.flush()


def choose(
    session: Session, *, account_id: int, kinds: set[str], language: str, now: datetime
) -> None:
    """Make the consents those that are ticked on the page, in the language in force."""
    withdraw(session, account_id=account_id, kinds=set(wording.CONSENTS) - kinds, now=now)
    ticked = [wording.consent(kind) for kind in wording.CONSENTS if kind in kinds]
    give(session, account_id=account_id, consents=ticked, language=language, now=now)
