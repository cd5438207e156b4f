"""The outbox for staff: what went, what waits, what failed and why; never what it says.

A mail may hold a link that signs somebody in, so nobody but its reader sees its words.
"""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_login import current_user

from app.core.i18n import gettext as _
from app.core.pagination import Cursor
from app.core.web import (
    keeps_accounts,
    nav,
    now,
    reading,
    requires,
    sees_money,
    transaction,
)
from app.mail import queries, sending

bp = Blueprint("mail_staff", __name__, url_prefix="/admin/mail")
nav.add("desk", "mail_staff.show_outbox", label=lambda: _("Mail"), order=80)


@bp.get("")
@requires()
def show_outbox() -> str:
    """Mails by state, newest first."""
    asked = request.args.get("state")
    state = asked if asked in queries.STATES else None
    with reading() as session:
        page = queries.page(session, cursor=Cursor.from_query(request.args), state=state)
    return render_template(
        "mail/outbox.html",
        page=page,
        state=state,
        states=queries.STATES,
        sees_people=keeps_accounts(),
        sees_subjects=sees_money(),  # some name an amount
    )


@bp.post("/<int:message_id>/retry")
@requires("editor", "finance")
def retry(message_id: int) -> Response:
    """Send a mail that failed once more."""
    with transaction() as session:
        sending.retry(session, message_id=message_id, actor_id=current_user.id, now=now())
    flash(_("The mail is on its way again."))
    return cast(Response, redirect(url_for("mail_staff.show_outbox", state="waiting"), 303))
