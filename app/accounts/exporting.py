"""What we know about a person, for that person: each room adds its own part.

Upper rooms fill ``on_export`` at import: a name of the part, and what gives it for an account.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.accounts import sessions
from app.accounts.models import Account
from app.core import audit
from app.core.errors import NotFound
from app.core.i18n import lazy_gettext as _l

Part = Callable[[Session, int], Any]
on_export: dict[str, Part] = {}
audit.named({"account.exported": _l("Data of a person given out")})


def give_out(
    session: Session, *, account_id: int, actor_id: int | None, now: datetime, wall: datetime
) -> dict[str, Any]:
    """Everything that is kept about a person, by the hand of another: that is written down."""
    found = export(session, account_id=account_id, wall=wall)
    audit.record(
        session,
        actor_id=actor_id,
        action="account.exported",
        subject=f"account:{account_id}",
        now=now,
    )
    return found


def export(session: Session, *, account_id: int, wall: datetime) -> dict[str, Any]:
    """Everything that is kept about a person, ready for JSON; raises NotFound."""
    account = session.get(Account, account_id)
    if account is None or account.erased_at is not None:
        raise NotFound()
    own = {
        "account": {
            "id": account.public_id,
            "email": account.email,
            "name": account.name,
            "language": account.language,
            "created_at": account.created_at.isoformat(),
            "confirmed_at": account.confirmed_at and account.confirmed_at.isoformat(),
        },
        "devices": [
            {
                "device": one.device,
                "signed_in_at": one.created_at.isoformat(),
                "last_used_at": one.last_seen_at.isoformat(),
            }
            for one in sessions.of_account(session, account_id=account_id, wall=wall)
        ],
    }
    return own | {name: part(session, account_id) for name, part in on_export.items()}
