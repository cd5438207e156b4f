"""Signing in by mail: a link that works anywhere, and a code for the browser that asked.

Both work once and for 15 minutes of wall time from when the mail is written; the database keeps
hashes of them. Asking does the same work for every address, so that the answer tells nobody who
has an account: a job finds out, and writes the mail or does not.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from app.accounts import emails, people, sessions
from app.accounts.models import Account, SignInRequest, StaffMember
from app.core import jobs
from app.core.clock import wall_clock
from app.core.settings import Settings
from app.core.signing import fingerprint, new_code, new_token, same

LIFETIME = timedelta(minutes=15)
MINUTES = int(LIFETIME.total_seconds() // 60)
NOBODY_WAITS = timedelta(hours=12)
MOST_TRIES = 10
# More mails would help nobody: each of these still signs in.
MOST_LIVING = 5
State = Literal["good", "used", "expired", "unknown"]
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Link:
    """What a sign-in link is worth, and whom it signs in ("d•••@example.org")."""

    state: State
    who: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A browser that may now be told its session's token, and where it wanted to go."""

    token: str
    email: str
    next_path: str | None
    is_staff: bool


def request_link(
    session: Session,
    *,
    email: str,
    language: str,
    browser: str,
    next_path: str | None,
    now: datetime,
    wall: datetime,
) -> None:
    """Ask for a mail with a link and a code; whether the address is known makes no difference.

    ``browser`` is the secret of the cookie in which the code will work. ``next_path`` was checked.
    """
    account = people.by_email(session, email)
    payload = {
        "account": account.id if account else None,
        "browser": fingerprint(browser),
        "language": language,
        "next": next_path,
        "asked_at": wall.isoformat(),
        "key": new_token(),
    }
    jobs.enqueue(session, "accounts.send_link", now=now, payload=payload, awaited=True)


@jobs.handles("accounts.send_link")
def send_link(work: jobs.Work, payload: dict[str, Any]) -> None:
    """Write the mail, if there is somebody to write to."""
    wall = wall_clock()
    waited = wall - datetime.fromisoformat(payload["asked_at"])
    if payload["account"] is None or waited > NOBODY_WAITS:
        return
    with work.db.transaction() as session:
        account = session.get(Account, payload["account"], with_for_update=True)
        if account is None or not _may_sign_in(account):
            return
        if _living(session, account.id, wall) >= MOST_LIVING:
            log.info("no further sign-in mail", account=account.id)
            return
        token, code = new_token(), new_code()
        is_new = emails.sign_in(
            session,
            account=account,
            token=token,
            code=code,
            language=payload["language"],
            minutes=MINUTES,
            key=payload["key"],
            until=wall + LIFETIME,
            now=work.now,
        )
        if is_new:
            session.add(
                SignInRequest(
                    account_id=account.id,
                    token_hash=fingerprint(token),
                    code_hash=_code_hash(work.settings.secret_key, payload["browser"], code),
                    browser_hash=payload["browser"],
                    next_path=payload["next"],
                    created_at=wall,
                    expires_at=wall + LIFETIME,
                )
            )


def look_at_link(session: Session, *, token: str, wall: datetime) -> Link:
    """What a link is worth, without using it."""
    found = session.execute(
        sa.select(SignInRequest, Account)
        .join(Account, Account.id == SignInRequest.account_id)
        .where(SignInRequest.token_hash == fingerprint(token))
    ).one_or_none()
    if found is None:
        return Link("unknown")
    request, account = found
    if request.used_at is not None:
        return Link("used")
    if request.expires_at <= wall:
        return Link("expired")
    if not _may_sign_in(account):
        return Link("unknown")
    return Link("good", _hint(account.email or ""))


def use_link(
    session: Session, *, token: str, device: str, now: datetime, wall: datetime
) -> SignedIn | None:
    """Sign in by link; None where it was used, is too old or never was."""
    request = session.scalar(
        sa.select(SignInRequest).where(SignInRequest.token_hash == fingerprint(token))
    )
    if request is None:
        return None
    return _use(session, request, device=device, now=now, wall=wall)


def use_code(
    session: Session,
    *,
    settings: Settings,
    browser: str,
    code: str,
    device: str,
    now: datetime,
    wall: datetime,
) -> SignedIn | None:
    """Sign in by code, in the browser that asked; None where no living code is this one."""
    own = fingerprint(browser)
    living = _living_codes(own, wall)
    for request in session.scalars(sa.select(SignInRequest).where(living)).all():
        if _is_code(settings, request, code):
            return _use(session, request, device=device, now=now, wall=wall)
    tried = sa.update(SignInRequest).where(living).values(tries=SignInRequest.tries + 1)
    session.execute(tried.execution_options(synchronize_session=False))
    return None


@jobs.every(timedelta(days=1), "accounts.purge")
def purge(work: jobs.Work, _payload: dict[str, Any]) -> None:
    """Forget links that ended yesterday and sessions that ended a month ago."""
    wall = wall_clock()
    with work.db.transaction() as session:
        over = SignInRequest.expires_at < wall - timedelta(days=1)
        session.execute(sa.delete(SignInRequest).where(over))
        sessions.purge(session, wall=wall)


def _use(
    session: Session, request: SignInRequest, *, device: str, now: datetime, wall: datetime
) -> SignedIn | None:
    """Whoever marks the row used is the one who comes in; the others find it taken."""
    account = session.get(Account, request.account_id)
    if account is None or not _may_sign_in(account):
        return None
    mark = (
        sa.update(SignInRequest)
        .where(
            SignInRequest.id == request.id,
            SignInRequest.used_at.is_(None),
            SignInRequest.expires_at > wall,
        )
        .values(used_at=wall)
    )
    result: Any = session.execute(mark)
    if result.rowcount != 1:
        return None
    if account.confirmed_at is None:
        account.confirmed_at = now
    return SignedIn(
        token=sessions.open_session(session, account_id=account.id, device=device, wall=wall),
        email=account.email or "",
        next_path=request.next_path,
        is_staff=session.get(StaffMember, account.id) is not None,
    )


def _may_sign_in(account: Account) -> bool:
    return account.suspended_at is None and account.erased_at is None and bool(account.email)


def _living(session: Session, account_id: int, wall: datetime) -> int:
    mine = (
        SignInRequest.account_id == account_id,
        SignInRequest.used_at.is_(None),
        SignInRequest.expires_at > wall,
    )
    return session.scalar(sa.select(sa.func.count()).where(*mine)) or 0


def _living_codes(browser_hash: str, wall: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(
        SignInRequest.browser_hash == browser_hash,
        SignInRequest.used_at.is_(None),
        SignInRequest.expires_at > wall,
        SignInRequest.tries < MOST_TRIES,
    )


def _is_code(settings: Settings, request: SignInRequest, code: str) -> bool:
    keys = (settings.secret_key, *settings.secret_key_fallbacks)
    hashes = [_code_hash(key, request.browser_hash, code) for key in keys]
    return any(same(request.code_hash, one) for one in hashes)


def _code_hash(key: str, browser_hash: str, code: str) -> str:
    """Keyed, because a million codes are hashed in a second; and for this browser only."""
    message = f"sign-in-code:{browser_hash}:{code}".encode()
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()


def _hint(email: str) -> str:
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}•••@{domain}"
