"""Changing what the newsroom sets by itself; each change is audited by what it touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.core import audit
from app.core.i18n import lazy_gettext as _l
from app.newsroom import colours, queries, writing
from app.newsroom.models import CurrencyOffer

COLUMNS = frozenset(
    ["name", "reply_to", "timezone", "default_language", "default_currency", "reporting_currency",
     "default_interval", "accent", "fee_basis_points", "grace_days", "one_time_days",
     "late_joiners_vote", "sign_up_open"]
)  # fmt: skip
audit.named(
    {
        "newsroom.changed": _l("Settings changed"),
        "newsroom.offered": _l("Amounts changed"),
        "newsroom.written": _l("Text changed"),
    }
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What is offered in one currency; all amounts in its minor units."""

    minimum: int
    maximum: int
    coffee: int
    goal: int | None
    fee_fixed: int
    one_time_minimum: int
    presets: dict[str, list[int]]


def terms(session: Session, currency: str) -> Terms:
    """What is offered in a currency now."""
    row = session.get_one(CurrencyOffer, currency)
    return Terms(**{field.name: getattr(row, field.name) for field in fields(Terms)})


def change(session: Session, values: Mapping[str, Any], *, actor_id: int, now: datetime) -> None:
    """Set what differs. Raises UnreadableColour for an accent that cannot be read."""
    unknown = set(values) - COLUMNS
    if unknown:
        raise ValueError(f"the newsroom has no {sorted(unknown)}")
    if "accent" in values:
        colours.tokens(values["accent"])
    room = queries.current(session)
    changed = sorted(name for name, value in values.items() if getattr(room, name) != value)
    for name in changed:
        setattr(room, name, values[name])
    if changed:
        room.updated_at = now
        _record(session, "newsroom.changed", "newsroom", actor_id, now, {"changed": changed})


def offer(session: Session, *, currency: str, terms: Terms, actor_id: int, now: datetime) -> None:
    """Set what is offered in a currency that the newsroom has."""
    row = session.get_one(CurrencyOffer, currency)
    for field in fields(Terms):
        setattr(row, field.name, getattr(terms, field.name))
    _record(session, "newsroom.offered", f"currency:{currency}", actor_id, now, {})


def write(
    session: Session, *, key: str, bodies: Mapping[str, str], actor_id: int, now: datetime
) -> None:
    """Save one text in all its languages."""
    for language, body in bodies.items():
        writing.write(session, key=key, language=language, body=body, now=now)
    _record(session, "newsroom.written", f"text:{key}", actor_id, now, {})


def _record(
    session: Session, action: str, subject: str, actor_id: int, now: datetime,
    details: dict[str, object],
) -> None:  # fmt: skip
    audit.record(
        session, actor_id=actor_id, action=action, subject=subject, now=now, details=details
    )
