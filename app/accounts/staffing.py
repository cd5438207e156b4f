"""Who of the newsroom may do what; every change is audited, told to the person, holds at once."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts import emails, people, roles, second_factor, sessions
from app.accounts.models import ROLES, Account, StaffMember
from app.core import audit
from app.core.clock import wall_clock
from app.core.db import for_update
from app.core.errors import AppError, Conflict, NotFound
from app.core.i18n import lazy_gettext as _l

audit.named(
    {
        "staff.added": _l("Person added to the staff"),
        "staff.role_changed": _l("Role changed"),
        "staff.removed": _l("Person removed from the staff"),
        "staff.second_factor_set": _l("Second factor set up"),
        "staff.second_factor_reset": _l("Second factor reset"),
    }
)


class UnknownRole(AppError):
    status = 422
    message = _l("There is no such role. Choose admin, editor, finance or viewer.")


class LastAdmin(Conflict):
    title = _l("Somebody must stay admin")
    message = _l("This is the only admin. Make somebody else admin first, then change this.")


def add_staff(
    session: Session,
    *,
    email: str,
    role: str,
    language: str,
    now: datetime,
    actor_id: int | None = None,
) -> StaffMember:
    """Give a person a role; who has one already gets the new one.

    Raises UnknownRole, and LastAdmin where the only admin would get another role.
    """
    _check(role)
    account = people.find_or_create(session, email=email, language=language, now=now)
    member = session.get(StaffMember, account.id)
    if member is not None:
        change_role(session, account_id=account.id, role=role, actor_id=actor_id, now=now)
        return member
    member = StaffMember(
        account_id=account.id,
        role=role,
        totp_secret=second_factor.new_secret(),
        created_at=now,
    )
    session.add(member)
    # A reader's session lives for 60 days; as staff they begin a shorter one.
    sessions.revoke_all(session, account_id=account.id, wall=wall_clock())
    _record(session, "staff.added", account.id, actor_id, now, role=role)
    _tell(session, account, "added", role, now)
    return member


def change_role(
    session: Session, *, account_id: int, role: str, actor_id: int | None, now: datetime
) -> None:
    """Give a member another role. Raises NotFound, UnknownRole, LastAdmin."""
    _check(role)
    member, account = _find(session, account_id)
    if member.role == role:
        return
    _keep_an_admin(session, member)
    _record(session, "staff.role_changed", account_id, actor_id, now, role=role, was=member.role)
    member.role = role
    _tell(session, account, "role", role, now)


def remove(session: Session, *, account_id: int, actor_id: int | None, now: datetime) -> None:
    """Take all rights of a member, and end their sessions. Raises NotFound, LastAdmin."""
    member, account = _find(session, account_id)
    _keep_an_admin(session, member)
    _record(session, "staff.removed", account_id, actor_id, now, was=member.role)
    _tell(session, account, "removed", member.role, now)
    session.delete(member)
    sessions.revoke_all(session, account_id=account_id, wall=wall_clock())


def reset_second_factor(
    session: Session, *, account_id: int, actor_id: int | None, now: datetime
) -> None:
    """Make the app of a lost phone worthless: the next sign-in sets up a new one."""
    member, account = _find(session, account_id)
    member.totp_secret = second_factor.new_secret()
    member.totp_confirmed_at = None
    member.totp_last_step = 0
    sessions.revoke_all(session, account_id=account_id, wall=wall_clock())
    _record(session, "staff.second_factor_reset", account_id, actor_id, now)
    _tell(session, account, "reset", member.role, now)


def members(session: Session) -> list[tuple[StaffMember, Account]]:
    """All members with their accounts, by address."""
    both = sa.select(StaffMember, Account).join(Account, Account.id == StaffMember.account_id)
    return [(member, account) for member, account in session.execute(both.order_by(Account.email))]


def _check(role: str) -> None:
    if role not in ROLES:
        raise UnknownRole()


def _find(session: Session, account_id: int) -> tuple[StaffMember, Account]:
    """A member and their account, with the whole staff locked in one order.

    So two admins who remove each other come one after the other, and only one succeeds.
    """
    everybody = sa.select(StaffMember).order_by(StaffMember.account_id)
    staff = {member.account_id: member for member in session.scalars(for_update(everybody))}
    account = session.get(Account, account_id)
    if account_id not in staff or account is None:
        raise NotFound()
    return staff[account_id], account


def _keep_an_admin(session: Session, leaving: StaffMember) -> None:
    if leaving.role != "admin":
        return
    others = (
        sa.select(sa.func.count())
        .select_from(StaffMember)
        .join(Account, Account.id == StaffMember.account_id)
        .where(
            StaffMember.role == "admin",
            StaffMember.account_id != leaving.account_id,
            Account.suspended_at.is_(None),
            Account.erased_at.is_(None),
        )
    )
    if not session.scalar(others):
        raise LastAdmin()


def _record(
    session: Session,
    action: str,
    account_id: int,
    actor_id: int | None,
    now: datetime,
    **details: object,
) -> None:
    audit.record(
        session,
        actor_id=actor_id,
        action=action,
        subject=f"account:{account_id}",
        details=details,
        now=now,
    )


def _tell(
    session: Session, account: Account, change: emails.Change, role: str, now: datetime
) -> None:
    emails.rights_changed(
        session, account=account, change=change, role=roles.DESCRIBED[role], now=now
    )
