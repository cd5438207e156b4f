"""The audit log as admins read it: who did what to what, and when; the newest first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.core import audit
from app.core.audit import AuditEntry
from app.core.i18n import gettext as _
from app.core.pagination import Cursor, Page, page_by_id


@dataclass(frozen=True, slots=True)
class Act:
    """One entry in words; ``who`` is None for the command line and the clock."""

    at: datetime
    what: str
    about: str
    who: str | None
    details: dict[str, Any]
    seal: str


def acts(session: Session, cursor: Cursor) -> tuple[Page[Act], int | None]:
    """A page of the log, and the first entry on it that does not fit the one before, or None."""
    page: Page[Any] = page_by_id(
        session, sa.select(AuditEntry), key=AuditEntry.id, cursor=cursor, scalars=True
    )
    people = _people(session, page.rows)
    oldest_first = page.rows[::-1]
    broken = audit.first_misfit(oldest_first, oldest_first[0].previous_hash) if page.rows else None
    return replace(page, rows=[_act(entry, people) for entry in page.rows]), broken


def _people(session: Session, entries: Any) -> dict[int, str]:
    """The addresses of those who acted and those it was about; who was erased has none."""
    ids = {entry.actor_id for entry in entries if entry.actor_id is not None}
    ids |= {int(key) for entry in entries for kind, key in [_parts(entry)] if kind == "account"}
    known = sa.select(Account.id, Account.email).where(Account.id.in_(ids))
    return {number: email for number, email in session.execute(known) if email}


def _act(entry: AuditEntry, people: dict[int, str]) -> Act:
    return Act(
        at=entry.at,
        what=audit.name_of(entry.action),
        about=_about(entry, people),
        who=None if entry.actor_id is None else _person(entry.actor_id, people),
        details=entry.details,
        seal=entry.hash[:12],
    )


def _about(entry: AuditEntry, people: dict[int, str]) -> str:
    """What it was done to: a person by their address, everything else by kind and id."""
    kind, key = _parts(entry)
    if kind == "account":
        return _person(int(key), people)
    kinds = {
        "round": _("Round"), "topic": _("Topic"), "charge": _("Payment"), "event": _("Event"),
        "mail": _("Mail"), "text": _("Text"), "currency": _("Currency"), "stripe": "Stripe",
        "newsroom": _("The newsroom"), "reports": _("Reports"), "jobs": _("Work of the worker"),
    }  # fmt: skip
    name = kinds.get(kind, kind)
    return _("%(what)s, id %(key)s", what=name, key=key) if key else name


def _person(account_id: int, people: dict[int, str]) -> str:
    return people.get(account_id) or _("Account, id %(key)s", key=account_id)


def _parts(entry: AuditEntry) -> tuple[str, str]:
    """A subject like "round:4" as its kind and its key."""
    kind, _colon, key = entry.subject.partition(":")
    return kind, key
