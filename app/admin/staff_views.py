"""The dashboard and the audit log."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask_login import current_user

from app.accounts import roles
from app.admin import auditing, dashboard, presenting
from app.core.i18n import gettext as _
from app.core.pagination import Cursor
from app.core.web import keeps_accounts, nav, now, reading, requires, sees_money
from app.newsroom import queries as newsroom
from app.newsroom.here import here

bp = Blueprint("admin", __name__, url_prefix="/admin")
nav.add("desk", "admin.dashboard", label=lambda: _("Dashboard"), order=0)
nav.add("desk", "admin.show_audit", label=lambda: _("Audit"), order=95)


@bp.get("/", endpoint="dashboard")
@requires()
def show() -> str:
    """How the newsroom stands: people, money, what moved, who voted, whose payment failed."""
    moment, zone = now(), here().timezone
    with reading() as session:
        currencies = [offer.currency for offer in newsroom.offers(session)]
        asked = request.args.get("currency", "")
        currency = asked if asked in currencies else here().reporting_currency
        board = dashboard.gather(
            session, now=moment, zone=zone, currency=currency, all_names=keeps_accounts()
        )
    return render_template(
        "admin/dashboard.html",
        now=moment,
        currency=currency,
        currencies=currencies if sees_money() else [],
        sees_money=sees_money(),
        last_event=board.heard_at,
        unclaimed=board.unclaimed,
        building=board.building,
        checks=board.broken,
        empty=board.is_empty,
        figures=presenting.figures(board, zone=zone, sees_money=sees_money()),
        charts=presenting.charts(board, zone),
        months=presenting.months_table(board, zone),
        account=presenting.account(board, now=moment, zone=zone),
        revenue=presenting.revenue(board, zone),
        turnout=presenting.turnout(board),
        newest=presenting.newest(board),
        failed=presenting.failed(board, now=moment),
        at_risk=board.at_risk[1],
        role=current_user.role,
    )


@bp.get("/audit")
@requires("admin")
def show_audit() -> str:
    """Who with a right did what to what, and when."""
    with reading() as session:
        page, broken = auditing.acts(session, Cursor.from_query(request.args))
    return render_template("admin/audit.html", page=page, broken=broken, roles=roles.LABELS)
