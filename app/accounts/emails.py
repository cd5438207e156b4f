"""The mails of this room, one function each."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.core.i18n import Lazy
from app.mail import outbox

Change = Literal["added", "role", "removed", "reset"]


def sign_in(
    session: Session,
    *,
    account: Account,
    token: str,
    code: str,
    language: str,
    minutes: int,
    key: str,
    until: datetime,
    now: datetime,
) -> bool:
    """The link and the code; ``until`` is wall time. False where this mail was written before."""
    return outbox.put(
        session,
        to=account.email or "",
        language=language,
        template="sign-in",
        context={
            "link": f"{outbox.site_url(session)}/sign-in/{token}",
            "code": code,
            "minutes": minutes,
        },
        kind="sign_in",
        dedupe_key=f"sign_in:{key}",
        secret_until=until,
        now=now,
    )


def rights_changed(
    session: Session, *, account: Account, change: Change, role: Lazy, now: datetime
) -> None:
    """Tell a person of the newsroom what they may do from now on."""
    outbox.put(
        session,
        to=account.email or "",
        language=account.language,
        template="staff-rights",
        context={"change": change, "role": role},
        kind=f"staff_{change}",
        dedupe_key=f"staff:{account.id}:{secrets.token_hex(8)}",
        now=now,
    )
