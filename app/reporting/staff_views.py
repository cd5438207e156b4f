"""The lists behind the figures: every figure opens into the people or payments it is made of."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, abort, render_template, request
from sqlalchemy.orm import Session

from app.core.pagination import Cursor
from app.core.web import keeps_accounts, now, reading, requires, sees_money
from app.newsroom import queries as newsroom
from app.newsroom.here import here
from app.reporting import beginning, mrr, people, recovery, revenue
from app.reporting.definitions import DEFINITIONS
from app.reporting.models import KINDS
from app.reporting.months import Month, last_months, parse

MONTHS = 12
bp = Blueprint("reporting", __name__, url_prefix="/admin/reports")


@bp.get("/<any(patrons, mrr, 'at-risk', committed):figure>")
@requires()
def patrons(figure: str) -> str:
    """The pledges behind active patrons and MRR, behind what is at risk, and what is ending."""
    which = "ending" if figure == "committed" else figure
    with reading() as session:
        page = people.patrons(session, which=which, cursor=Cursor.from_query(request.args))
        page = replace(page, rows=people.named(session, page.rows, keeps_accounts()))
        each = mrr.arpu(session, at=now(), currency=here().reporting_currency)
    return render_template(
        "reporting/patrons.html", figure=figure, definition=DEFINITIONS[figure], page=page,
        sees_money=sees_money(), each=each if figure == "mrr" else None,
    )  # fmt: skip


@bp.get("/movements/<key>")
@requires("finance", "viewer")
def movements(key: str) -> str:
    """One month's movements: the account that closes, and the people behind each line."""
    kind = request.args.get("kind")
    kind = kind if kind in KINDS else None
    with reading() as session:
        first = beginning.first_month(session, at=now(), zone=here().timezone)
        month = _month(key, first)
        currency, currencies = _currency(session)
        [account] = mrr.accounts(session, months=[month], currency=currency)
        page = people.moved(
            session, month=month, kind=kind, currency=currency,
            cursor=Cursor.from_query(request.args),
        )  # fmt: skip
        page = replace(page, rows=people.named(session, page.rows, keeps_accounts()))
    return render_template(
        "reporting/movements.html", definition=DEFINITIONS["movements"], account=account, page=page,
        kind=kind, month=month, currency=currency, currencies=currencies,
        previous=month.previous() if month > first else None, following=_following(month),
    )  # fmt: skip


@bp.get("/revenue")
@requires("finance", "viewer")
def revenues() -> str:
    """Twelve months of money, gross to net."""
    with reading() as session:
        months = _months(session)
        currency, currencies = _currency(session)
        lines = revenue.by_month(session, months=months, currency=currency)
    return render_template(
        "reporting/revenue.html", definition=DEFINITIONS["revenue"], lines=lines[::-1],
        currency=currency, currencies=currencies,
    )  # fmt: skip


@bp.get("/recovered")
@requires("finance", "viewer")
def recovered() -> str:
    """Twelve months of renewals that failed at first, and what came back."""
    with reading() as session:
        months = _months(session)
        currency, currencies = _currency(session)
        lines = recovery.by_month(session, months=months, currency=currency)
    return render_template(
        "reporting/recovered.html", definition=DEFINITIONS["recovered"], lines=lines[::-1],
        currency=currency, currencies=currencies,
    )  # fmt: skip


def _month(key: str, first: Month) -> Month:
    month = parse(key, here().timezone)
    if month is None or month < first or month.start > now():
        abort(404)
    return month


def _months(session: Session) -> list[Month]:
    """The last twelve, or as many as there are."""
    moment, zone = now(), here().timezone
    first = beginning.first_month(session, at=moment, zone=zone)
    return [month for month in last_months(moment, zone, MONTHS) if month >= first]


def _following(month: Month) -> Month | None:
    following = month.next()
    return following if following.start <= now() else None


def _currency(session: Session) -> tuple[str, list[str]]:
    """The currency asked for, if the newsroom has it, and all of them; never a sum of several."""
    known = [offer.currency for offer in newsroom.offers(session)]
    asked = request.args.get("currency", "")
    return (asked if asked in known else here().reporting_currency), known
