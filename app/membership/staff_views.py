"""The desk's list of patrons, and one of them."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.core import audit
from app.core.i18n import gettext as _
from app.core.pagination import Cursor
from app.core.web import keeps_accounts, nav, now, reading, requires, sees_money
from app.core.web.access import may
from app.membership import inspecting, listing

bp = Blueprint("membership_staff", __name__, url_prefix="/admin/patrons")
nav.add("desk", "membership_staff.patrons", label=lambda: _("Patrons"), order=10)


@bp.get("")
@requires()
def patrons() -> ResponseReturnValue:
    """Everybody who gave; to be searched, and filtered by how they stand."""
    search = request.args.get("q", "").strip()
    state = request.args.get("state")
    with reading() as db:
        page = listing.patrons(
            db,
            search=search,
            state=state,
            all_names=keeps_accounts(),
            cursor=Cursor.from_query(request.args),
        )
    return render_template(
        "membership/patrons.html",
        page=page,
        query=search,
        state=state if state in listing.STATES else None,
        sees_money=sees_money(),
    )


@bp.get("/<int:account_id>")
@requires()
def patron(account_id: int) -> ResponseReturnValue:
    """One person: pledge, payments, changes, consents, and what staff did."""
    with reading() as db:
        found = inspecting.person(db, account_id, all_names=keeps_accounts(), now=now())
    return render_template(
        "membership/patron.html",
        found=found,
        sees_money=sees_money(),
        sees_acts=may(current_user, "admin"),
        name_of=audit.name_of,
    )
