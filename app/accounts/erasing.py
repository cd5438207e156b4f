"""Forgetting who a person was. Money rows, counts and the audit log stay: they hold ids only.

Upper rooms fill ``on_erase`` at import with what forgets a person in their tables.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts.models import Account, LoginSession, SignInRequest, StaffMember
from app.core import audit
from app.core.errors import Conflict, NotFound
from app.core.i18n import lazy_gettext as _l
from app.mail import outbox

Forget = Callable[[Session, Account, datetime], None]
on_erase: list[Forget] = []
audit.named({"account.erased": _l("Person erased")})


class StillStaff(Conflict):
    title = _l("This person works at the desk")
    message = _l("Remove them from the staff first, then erase the account.")


def erase(session: Session, *, account_id: int, actor_id: int | None, now: datetime) -> None:
    """Take name and address from a person for good, everywhere; once is enough.

    Each of ``on_erase`` is called while the address is still there to be looked for. Raises
    NotFound, StillStaff.
    """
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound()
    if account.erased_at is not None:
        return
    if session.get(StaffMember, account_id) is not None:
        raise StillStaff()
    for forget in on_erase:
        forget(session, account, now)
    # Locked only now, as upper rooms lock people after what these have sent them.
    account = session.get_one(Account, account_id, with_for_update=True, populate_existing=True)
    if account.erased_at is not None:
        return
    if account.email is not None:
        outbox.scrub(session, to=account.email)
    for table in (LoginSession, SignInRequest):
        session.execute(sa.delete(table).where(table.account_id == account_id))
    account.email = account.email_key = account.name = None
    account.erased_at = now
    audit.record(
        session,
        actor_id=actor_id,
        action="account.erased",
        subject=f"account:{account_id}",
        now=now,
    )
