"""Staff's second factor: six digits from an app, each good once (RFC 6238, 30 seconds, SHA-1).

Wall time: the app on the phone has no other.
"""

from __future__ import annotations

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


def new_secret() -> str:
    """A secret to share with an app: 160 bits in base32."""
    return pyotp.random_base32()


def enrolment_address(*, email: str, secret: str, newsroom: str) -> str:
    """The otpauth:// address that an app reads from the square."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=newsroom)


def instructions(session: Session, *, account_id: int, newsroom: str, site_url: str) -> str:
    """What the command line prints for a new member of the staff."""
    member = session.get_one(StaffMember, account_id)
    email = session.get_one(Account, account_id).email or ""
    address = enrolment_address(email=email, secret=member.totp_secret, newsroom=newsroom)
    return (
        f"{email} is now {member.role}.\n\n"
        f"1. Add the second factor to an authenticator app, with this secret:\n"
        f"     {member.totp_secret}\n"
        f"   or from this address (as a QR code):\n"
        f"     {address}\n"
        f"   The first sign-in shows the same secret as a square to scan.\n"
        f"2. Sign in at {site_url}/sign-in with {email}; the app's code opens the desk.\n"
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
