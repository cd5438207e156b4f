"""Which browsers are signed in as whom; a session ends the moment its row says so.

Wall time throughout. The cookie holds a random token, the row its hash.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from app.accounts import roles
from app.accounts.models import Account, LoginSession, StaffMember
from app.core.signing import fingerprint, new_token
from app.core.statements import rows

LIFETIME = timedelta(days=60)
STAFF_LIFETIME = timedelta(hours=12)
CONFIRMED = timedelta(minutes=15)  # how long a second factor is enough for what is sensitive
# Reading a page writes nothing, so this moves when something is sent, and then not each time.
SEEN_AGAIN = timedelta(minutes=10)
KEEP_ENDED = timedelta(days=30)

# Every page of somebody signed in asks this first, so it is made once.
_PERSON = (
    sa.select(
        Account.id, Account.email, Account.name, Account.language,
        LoginSession.id.label("session_id"), LoginSession.second_factor_at,
        LoginSession.last_seen_at, StaffMember.role,
    )
    .select_from(LoginSession)
    .join(Account, Account.id == LoginSession.account_id)
    .outerjoin(StaffMember, StaffMember.account_id == Account.id)
    .where(
        LoginSession.token_hash == sa.bindparam("token"),
        LoginSession.revoked_at.is_(None),
        LoginSession.expires_at > sa.bindparam("wall"),
        Account.suspended_at.is_(None),
        Account.erased_at.is_(None),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in, as views and templates see them (Flask-Login's user)."""

    id: int
    token: str
    session_id: int
    email: str
    name: str | None
    language: str
    role: str | None
    has_second_factor: bool
    is_confirmed: bool  # it was shown just now
    last_seen_at: datetime
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        """What the cookie keeps: the session's token, never the account's number."""
        return self.token

    @property
    def role_label(self) -> str:
        return roles.label(self.role) if self.role else ""


def open_session(session: Session, *, account_id: int, device: str, wall: datetime) -> str:
    """Sign a browser in; returns the token for its cookie."""
    token = new_token()
    is_staff = session.get(StaffMember, account_id) is not None
    session.add(
        LoginSession(
            token_hash=fingerprint(token),
            account_id=account_id,
            device=device,
            created_at=wall,
            last_seen_at=wall,
            expires_at=wall + (STAFF_LIFETIME if is_staff else LIFETIME),
        )
    )
    return token


def person(connection: Connection, *, token: str, wall: datetime) -> Person | None:
    """The person behind a cookie, or None where the session ended or the person left."""
    found = rows(connection, _PERSON, {"token": fingerprint(token), "wall": wall})
    if not found:
        return None
    [row] = found
    return Person(
        id=row.id,
        token=token,
        session_id=row.session_id,
        email=row.email or "",
        name=row.name,
        language=row.language,
        role=row.role,
        has_second_factor=_is_within(STAFF_LIFETIME, row.second_factor_at, wall),
        is_confirmed=_is_within(CONFIRMED, row.second_factor_at, wall),
        last_seen_at=row.last_seen_at,
    )


def of_account(session: Session, *, account_id: int, wall: datetime) -> list[LoginSession]:
    """The browsers that are signed in as this person, the newest first."""
    alive = (LoginSession.revoked_at.is_(None), LoginSession.expires_at > wall)
    mine = sa.select(LoginSession).where(LoginSession.account_id == account_id, *alive)
    return list(session.scalars(mine.order_by(LoginSession.id.desc())))


def touch(session: Session, *, session_id: int, wall: datetime) -> None:
    """Note that a browser was used."""
    mine = sa.update(LoginSession).where(LoginSession.id == session_id)
    session.execute(mine.values(last_seen_at=wall))


def pass_second_factor(session: Session, *, session_id: int, wall: datetime) -> str:
    """Note that this browser showed a second factor; returns the new token of its cookie."""
    token = new_token()
    values = {"second_factor_at": wall, "token_hash": fingerprint(token)}
    mine = sa.update(LoginSession).where(LoginSession.id == session_id)
    session.execute(mine.values(**values))
    return token


def revoke(session: Session, *, account_id: int, session_id: int, wall: datetime) -> None:
    """End one of a person's own sessions; another person's is not touched."""
    _revoke(session, LoginSession.account_id == account_id, LoginSession.id == session_id, wall)


def revoke_all(
    session: Session, *, account_id: int, wall: datetime, keep: int | None = None
) -> None:
    """End every session of a person, but for the one to keep."""
    others = LoginSession.id != (keep or 0)
    _revoke(session, LoginSession.account_id == account_id, others, wall)


def purge(session: Session, *, wall: datetime) -> None:
    """Forget sessions that ended a month ago."""
    ended = sa.func.coalesce(LoginSession.revoked_at, LoginSession.expires_at)
    session.execute(sa.delete(LoginSession).where(ended < wall - KEEP_ENDED))


def _is_within(time: timedelta, second_factor_at: datetime | None, wall: datetime) -> bool:
    """A reader who became staff may have an older, longer session: the factor ends by itself."""
    return second_factor_at is not None and wall - second_factor_at < time


def _revoke(
    session: Session, whose: sa.ColumnElement[bool], which: sa.ColumnElement[bool], wall: datetime
) -> None:
    alive = LoginSession.revoked_at.is_(None)
    session.execute(sa.update(LoginSession).where(whose, which, alive).values(revoked_at=wall))
