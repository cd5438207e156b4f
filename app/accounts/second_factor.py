"""Staff's second factor: six digits from an app, each good once (RFC 6238, 30 seconds, SHA-1).

Wall time: the app on the phone has no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyotp
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts import sessions
from app.accounts.models import Account, StaffMember
from app.core import audit
from app.core.signing import same

STEP_SECONDS = 30
# A phone's clock may be off by one step, or the person slow.
STEPS_AROUND = (0, -1, 1)


@dataclass(frozen=True, slots=True)
class ToSetUp:
    """What an app must be told: the secret, and the otpauth:// address with the same in it."""

    secret: str
    address: str


def new_secret() -> str:
    """A secret to share with an app: 160 bits in base32."""
    return pyotp.random_base32()


def to_set_up(session: Session, *, account_id: int, newsroom: str) -> ToSetUp | None:
    """What a member's app must be told; None as soon as one of its codes was right."""
    member = session.get_one(StaffMember, account_id)
    if member.totp_confirmed_at is not None:
        return None
    email = session.get_one(Account, account_id).email or ""
    app = pyotp.TOTP(member.totp_secret)
    return ToSetUp(member.totp_secret, app.provisioning_uri(name=email, issuer_name=newsroom))


def instructions(session: Session, *, account_id: int, newsroom: str, site_url: str) -> str:
    """What the command line prints for a member of the staff."""
    sign_in = f"{site_url}/sign-in"
    app = to_set_up(session, account_id=account_id, newsroom=newsroom)
    if app is None:
        return f"The second factor is set up already. Sign in at {sign_in}\n"
    return (
        f"1. Add this secret to an authenticator app:\n"
        f"     {app.secret}\n"
        f"   or this address, as a QR code:\n"
        f"     {app.address}\n"
        f"   The first sign-in shows the same as a square to scan.\n"
        f"2. Sign in at {sign_in}\n"
        f"   The mail's link or code lets the person in, the app's code opens the desk.\n"
    )


def current_code(secret: str, *, wall: datetime) -> str:
    """What the app shows now; for the development page, which plays the phone."""
    return pyotp.TOTP(secret).generate_otp(_step(wall))


def enter(
    session: Session,
    *,
    account_id: int,
    session_id: int,
    code: str,
    now: datetime,
    wall: datetime,
) -> str | None:
    """Open the desk to this browser; returns its cookie's new token, None for a wrong code.

    The first right code also proves that the app was set up.
    """
    member = session.get(StaffMember, account_id, with_for_update=True)
    step = None if member is None else _step_of(member, code, wall)
    if member is None or step is None or not _use_up(session, account_id, step):
        return None
    if member.totp_confirmed_at is None:
        member.totp_confirmed_at = now
        audit.record(
            session,
            actor_id=account_id,
            action="staff.second_factor_set",
            subject=f"account:{account_id}",
            now=now,
        )
    return sessions.pass_second_factor(session, session_id=session_id, wall=wall)


def _step_of(member: StaffMember, code: str, wall: datetime) -> int | None:
    """The time step whose code this is, if it was not used up."""
    app = pyotp.TOTP(member.totp_secret)
    steps = [_step(wall) + offset for offset in STEPS_AROUND]
    right = [step for step in steps if same(app.generate_otp(step), code)]
    return next((step for step in right if step > member.totp_last_step), None)


def _use_up(session: Session, account_id: int, step: int) -> bool:
    """A code and all before it are worth nothing from here on; two at once, and one is late."""
    mine = sa.update(StaffMember).where(
        StaffMember.account_id == account_id, StaffMember.totp_last_step < step
    )
    result: Any = session.execute(mine.values(totp_last_step=step))
    return bool(result.rowcount == 1)


def _step(wall: datetime) -> int:
    return int(wall.timestamp()) // STEP_SECONDS
