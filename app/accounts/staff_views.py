"""Who works at the desk: for admins, and for /dev/mail the codes of the demo staff's apps."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_login import current_user
from sqlalchemy.orm import Session

from app.accounts import roles, second_factor, staffing
from app.accounts.forms import RoleForm, StaffForm
from app.core.i18n import gettext as _
from app.core.i18n import language
from app.core.i18n import lazy_gettext as _l
from app.core.web import nav, now, reading, refusal, requires, transaction
from app.mail.dev_panels import Panel, Row, panels

Answer = Response | str | tuple[str, int]

bp = Blueprint("accounts_staff", __name__, url_prefix="/admin/staff")
nav.add("desk", "accounts_staff.show_staff", label=lambda: _("Staff"), order=90)


@bp.get("")
@requires("admin")
def show_staff() -> str:
    """Everybody with a role, and a form to add somebody, who may look at first."""
    return _show(StaffForm(role="viewer"))


@bp.post("")
@requires("admin", confirmed=True)
def add() -> Answer:
    """Give somebody a role."""
    form = StaffForm()
    if not form.validate():
        return _show(form), 422
    try:
        with transaction() as session:
            staffing.add_staff(
                session,
                email=form.email.data or "",
                role=form.role.data or "",
                language=language(),
                actor_id=current_user.id,
                now=now(),
            )
    except staffing.LastAdmin as error:
        return refusal(_show(form.refused(error)), error)
    flash(_("We wrote to them how to sign in."))
    return _back()


@bp.post("/<int:account_id>/role")
@requires("admin", confirmed=True)
def change_role(account_id: int) -> Answer:
    """Give a member another role."""
    form = RoleForm()
    if not form.validate():
        return _show(StaffForm(formdata=None)), 422
    with transaction() as session:
        staffing.change_role(
            session,
            account_id=account_id,
            role=form.role.data or "",
            actor_id=current_user.id,
            now=now(),
        )
    flash(_("The new role holds from now on."))
    return _back()


@bp.post("/<int:account_id>/remove")
@requires("admin", confirmed=True)
def remove(account_id: int) -> Response:
    """Take all rights of a member."""
    with transaction() as session:
        staffing.remove(session, account_id=account_id, actor_id=current_user.id, now=now())
    flash(_("They are signed out, and have no rights at the desk any more."))
    return _back()


@bp.post("/<int:account_id>/reset")
@requires("admin", confirmed=True)
def reset_second_factor(account_id: int) -> Response:
    """Let a member set up a new app."""
    with transaction() as session:
        staffing.reset_second_factor(
            session, account_id=account_id, actor_id=current_user.id, now=now()
        )
    flash(_("They are signed out, and set up a new app when they sign in."))
    return _back()


def _show(form: StaffForm) -> str:
    with reading() as session:
        staff = staffing.members(session)
    return render_template("accounts/staff.html", staff=staff, form=form, labels=roles.LABELS)


def _back() -> Response:
    return cast(Response, redirect(url_for("accounts_staff.show_staff"), 303))


def _codes(session: Session, wall: datetime) -> list[Row]:
    return [
        Row(
            name=account.email or "",
            value=second_factor.current_code(member.totp_secret, wall=wall),
            note=member.role,
        )
        for member, account in staffing.members(session)
    ]


panels.append(Panel(_l("The codes of the staff’s apps, now"), _codes))
