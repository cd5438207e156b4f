"""The lists behind the figures: every figure opens into the people or payments it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flask import Blueprint, abort, render_template, request
from sqlalchemy.orm import Session

from app.core.i18n import gettext as _
from app.core.i18n import money, ngettext
from app.core.pagination import Cursor
from app.core.web import keeps_accounts, now, reading, requires, sees_money
from app.newsroom import queries as newsroom
from app.newsroom.here import here
from app.payments import reasons
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
        currency, currencies = _currency(session)
        page = people.patrons(
            session, which=which, cursor=Cursor.from_query(request.args),
            currency=None if figure == "patrons" else currency,
        )  # fmt: skip
        page = replace(page, rows=people.named(session, page.rows, keeps_accounts()))
        says = _sum(session, figure, currency) if sees_money() else ""
        failed = _failed(session, page.rows, currency) if figure == "at-risk" else {}
    return render_template(
        "reporting/patrons.html", figure=figure, definition=DEFINITIONS[figure], page=page,
        sees_money=sees_money(), says=says, failed=failed, reason=reasons.in_words,
        currency=currency,
        currencies=[] if figure == "patrons" else currencies,
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


def _sum(session: Session, figure: str, currency: str) -> str:
    """What the list comes to, as the dashboard has it; "" for people, who are no money."""
    if figure == "mrr":
        total = money(mrr.mrr(session, at=now(), currency=currency), short=False)
        each = mrr.arpu(session, at=now(), currency=currency)
        if each is None:
            return _("%(sum)s a month.", sum=total)
        average = money(each, short=False)
        return _("%(sum)s a month, %(each)s from each patron.", sum=total, each=average)
    if figure == "at-risk":
        count, value = mrr.at_risk(session, currency=currency)
        return ngettext(
            "%(num)s patron, %(sum)s of MRR.", "%(num)s patrons, %(sum)s of MRR.", count,
            sum=money(value, short=False),
        )  # fmt: skip
    if figure == "committed":
        left = money(mrr.committed(session, at=now(), currency=currency), short=False)
        return _("%(sum)s a month. Who is leaving stands below, and is not in it.", sum=left)
    return ""


def _failed(
    session: Session, rows: Sequence[people.PatronRow], currency: str
) -> dict[int, people.FailedRow]:
    """Why the charges of these patrons failed, and when the next is tried, by account."""
    among = [row.account_id for row in rows]
    found = people.failing(session, currency=currency, most=len(rows), among=among)
    return {row.account_id: row for row in found}


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
