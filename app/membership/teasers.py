"""What the rooms above have to say on our pages: the running round, what a pledge did.

They add themselves at import; where nobody did, the pages stand without.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

# The open round as templates print it, in a language; None where no round is open.
open_round: list[Callable[[Session, str, datetime], dict[str, Any] | None]] = []
# More for the account's first page of one person: names and values for its template.
on_account: list[Callable[[Session, int, str, datetime], dict[str, Any]]] = []


def round_now(session: Session, language: str, now: datetime) -> dict[str, Any] | None:
    """The first open round that somebody tells of."""
    return next(filter(None, (tell(session, language, now) for tell in open_round)), None)


def for_account(session: Session, account_id: int, language: str, now: datetime) -> dict[str, Any]:
    """All that is told for one person's account page."""
    told: dict[str, Any] = {}
    for tell in on_account:
        told |= tell(session, account_id, language, now)
    return told
