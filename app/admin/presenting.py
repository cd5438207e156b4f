"""The dashboard's figures as its page prints them: words, links and drawings, no queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.admin.dashboard import Dashboard
from app.core import drawing, i18n
from app.core.i18n import gettext as _
from app.core.i18n import ngettext
from app.core.money import Money, exponent
from app.core.web import url_for, way_to
from app.payments import reasons
from app.reporting.definitions import DEFINITIONS
from app.reporting.mrr import MonthAccount
from app.topics.queries import RoundTurnout

SOON = timedelta(days=1)
GAINS = (("new",), ("expansion",), ("reactivation", "resumed"))
LOSSES = (("contraction",), ("churn",), ("paused",))
ROWS = (
    ("g1", ("new",)), ("g2", ("expansion",)), ("g3", ("reactivation", "resumed")),
    ("l2", ("contraction",)), ("l1", ("churn",)), ("l3", ("paused",)),
)  # fmt: skip
TRIES = 4


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the six at the top."""

    label: str
    value: str
    below: str
    href: str
    drawing: drawing.Spark | None
    course: str
    definition: str
    care: bool = False


@dataclass(frozen=True, slots=True)
class AccountRow:
    label: str
    kind: str
    people: int
    amount: Money


@dataclass(frozen=True, slots=True)
class AccountTable:
    """The running month, from its start to now."""

    name: str
    period: str
    href: str
    start: Money
    end: Money
    rows: list[AccountRow]


def figures(board: Dashboard, *, zone: str, sees_money: bool) -> list[Figure]:
    """The figures this reader may see; editors see people and turnout."""
    month = i18n.date(board.this_month.month.start, zone, "LLLL")
    shown = [_patrons(board, month)]
    if sees_money:
        shown += [_mrr(board, month), _at_risk(board), _committed(board)]
    if board.turnout:
        shown.append(_turnout(board.turnout))
    if sees_money:
        shown.append(_recovered(board, zone))
    return shown


def charts(board: Dashboard, zone: str) -> dict[str, object]:
    """The movements of twelve months, drawn twice, and in a sentence."""
    months = [
        drawing.Month(
            name=i18n.date(account.month.start, zone, "LLL"),
            gains=_three(account, GAINS, 1),
            losses=_three(account, LOSSES, -1),
            closing=account.end.minor,
        )
        for account in board.months
    ]
    unit = 10 ** exponent(board.currency)
    sentence = _(
        "MRR went from %(start)s to %(end)s in twelve months.",
        start=i18n.money(board.months[0].start), end=i18n.money(board.mrr),
    )  # fmt: skip
    return {
        "wide": drawing.movements(months, unit=unit, wide=True),
        "narrow": drawing.movements(months, unit=unit, wide=False),
        "sentence": sentence,
    }


def account(board: Dashboard, *, now: datetime, zone: str) -> AccountTable:
    month = board.this_month
    first = i18n.date(month.month.start, zone, "d MMMM")
    return AccountTable(
        name=i18n.date(month.month.start, zone, "LLLL"),
        period=_("%(first)s to %(now)s", first=first, now=i18n.moment(now, zone, "d MMMM, HH:mm")),
        href=url_for("reporting.movements", key=month.month.key, currency=board.currency),
        start=month.start,
        end=month.end,
        rows=[
            AccountRow(
                label=_kind_label(kinds[0]),
                kind=colour,
                people=sum(month.line(kind).people for kind in kinds),
                amount=_sum(month, kinds),
            )
            for colour, kinds in ROWS
        ],
    )


def months_table(board: Dashboard, zone: str) -> list[dict[str, object]]:
    """All twelve months as numbers, for who would rather read."""
    none = Money(0, board.currency)
    return [
        {
            "name": i18n.date(month.month.start, zone, "LLLL y"),
            "start": month.start,
            "new": _sum(month, ("new",)),
            "expansion": _sum(month, ("expansion",)),
            "back": _sum(month, ("reactivation", "resumed")),
            "contraction": _sum(month, ("contraction",)),
            "churn": _sum(month, ("churn",)),
            "paused": _sum(month, ("paused",)),
            "fx": none,
            "end": month.end,
        }
        for month in board.months
    ]


def revenue(board: Dashboard, zone: str) -> dict[str, object] | None:
    """The last whole month, gross to net, as a waterfall; this month where it is the first."""
    lines = [line for line in board.revenue if line.gross.minor]
    if not lines:
        return None
    line = lines[-2] if len(lines) > 1 else lines[-1]
    steps = [
        (_("Recurring charges"), line.recurring.minor),
        (_("One-time gifts"), line.one_time.minor),
        (_("Refunds"), -line.refunds.minor),
        (_("Processor fees"), -line.fees.minor),
    ]
    falls = drawing.waterfall(steps, _("Net to the newsroom"))
    month = i18n.date(line.month.start, zone, "LLLL")
    return {
        "title": _("%(month)s revenue, gross to net", month=month),
        "note": _("By the day the money moved at Stripe."),
        "href": url_for("reporting.revenues", currency=board.currency),
        "falls": [
            (fall, i18n.money(Money(fall.amount, board.currency), short=False)) for fall in falls
        ],
    }


def turnout(board: Dashboard) -> list[dict[str, object]]:
    return [
        {
            "label": _("Round %(number)s, open", number=line.number)
            if line.state == "open"
            else _("Round %(number)s", number=line.number),
            "voted": line.voted,
            "roll": line.roll,
            "open": line.state == "open",
            "href": way_to("topics_staff.rounds"),
        }
        for line in reversed(board.turnout)
    ]


def failed(board: Dashboard, *, now: datetime) -> list[dict[str, object]]:
    return [
        {
            "id": row.account_id,
            "name": _name(row.account_id, row.name, row.email),
            "amount": row.amount,
            "why": reasons.in_words(row.code),
            "at": row.failed_at,
            "next_try": row.next_try,
            "tries": row.attempts,
            "of": TRIES,
            "soon": row.next_try is not None and row.next_try - now < SOON,
        }
        for row in board.failing
    ]


def newest(board: Dashboard) -> list[dict[str, object]]:
    return [
        {
            "id": row.account_id,
            "name": _name(row.account_id, row.name, row.email),
            "amount": row.charge,
            "interval": row.interval,
            "at": row.since,
            "source": row.source,
        }
        for row in board.newest
    ]


def _patrons(board: Dashboard, month: str) -> Figure:
    change = board.patrons - board.patrons_by_month[-2]
    return Figure(
        label=str(DEFINITIONS["patrons"][0]),
        value=i18n.number(board.patrons),
        below=_("%(change)s in %(month)s", change=_signed(change), month=month),
        href=url_for("reporting.patrons", figure="patrons"),
        drawing=drawing.spark([float(count) for count in board.patrons_by_month]),
        course=_("Patrons at the end of each of twelve months"),
        definition=str(DEFINITIONS["patrons"][1]),
    )


def _mrr(board: Dashboard, month: str) -> Figure:
    net = board.this_month.net
    sign = "+" if net.minor > 0 else ""
    return Figure(
        label=str(DEFINITIONS["mrr"][0]),
        value=_bare(board.mrr),
        below=_("%(change)s in %(month)s", change=sign + _bare(net), month=month),
        href=url_for("reporting.patrons", figure="mrr", currency=board.currency),
        drawing=drawing.spark([float(month.end.minor) for month in board.months], "area"),
        course=_("MRR at the end of each of twelve months"),
        definition=str(DEFINITIONS["mrr"][1]),
    )


def _at_risk(board: Dashboard) -> Figure:
    people, value = board.at_risk
    return Figure(
        label=str(DEFINITIONS["at-risk"][0]),
        value=_bare(value),
        below=ngettext("%(num)s patron past due", "%(num)s patrons past due", people),
        href=url_for("reporting.patrons", figure="at-risk", currency=board.currency),
        drawing=drawing.spark([float(line.failed) for line in board.recovery], "columns"),
        course=_("Renewals that failed at first, in each of twelve months"),
        definition=str(DEFINITIONS["at-risk"][1]),
        care=people > 0,
    )


def _committed(board: Dashboard) -> Figure:
    people, _value = board.ending
    left = [float(_count(month, ("churn",))) for month in board.months]
    return Figure(
        label=str(DEFINITIONS["committed"][0]),
        value=_bare(board.committed),
        below=ngettext("%(num)s patron is leaving", "%(num)s patrons are leaving", people),
        href=url_for("reporting.patrons", figure="committed", currency=board.currency),
        drawing=drawing.spark(left, "columns"),
        course=_("Patrons who left, in each of twelve months"),
        definition=str(DEFINITIONS["committed"][1]),
    )


def _turnout(lines: list[RoundTurnout]) -> Figure:
    newest_round = lines[0]
    shares: list[float | None] = [
        line.voted / line.roll if line.roll else None for line in reversed(lines)
    ]
    return Figure(
        label=_("Round %(number)s turnout", number=newest_round.number),
        value=i18n.percent(newest_round.voted, newest_round.roll),
        below=_("%(voted)s of %(roll)s", voted=newest_round.voted, roll=newest_round.roll),
        href=way_to("topics_staff.rounds"),
        drawing=drawing.spark(shares, "share"),
        course=_("Turnout of each round"),
        definition=str(DEFINITIONS["turnout"][1]),
    )


def _recovered(board: Dashboard, zone: str) -> Figure:
    last = board.recovery[-2]
    month = i18n.date(last.month.start, zone, "LLLL")
    shares: list[float | None] = [
        line.recovered / line.failed if line.failed else None for line in board.recovery[:-1]
    ]
    return Figure(
        label=_("Recovered, %(month)s", month=month),
        value=i18n.percent(last.recovered, last.failed),
        below=_("%(back)s of %(all)s payments", back=last.recovered, all=last.failed),
        href=url_for("reporting.recovered", currency=board.currency),
        drawing=drawing.spark(shares, "share"),
        course=_("Share of failed renewals that were paid later, by month"),
        definition=str(DEFINITIONS["recovered"][1]),
    )


def _three(
    account: MonthAccount, groups: tuple[tuple[str, ...], ...], sign: int
) -> tuple[int, int, int]:
    first, second, third = (sign * _sum(account, kinds).minor for kinds in groups)
    return max(first, 0), max(second, 0), max(third, 0)


def _sum(account: MonthAccount, kinds: tuple[str, ...]) -> Money:
    total = sum(account.line(kind).amount.minor for kind in kinds)
    return Money(total, account.start.currency)


def _count(account: MonthAccount, kinds: tuple[str, ...]) -> int:
    return sum(account.line(kind).count for kind in kinds)


def _kind_label(kind: str) -> str:
    return {
        "new": _("New"), "expansion": _("Expansion"), "reactivation": _("Back and resumed"),
        "contraction": _("Contraction"), "churn": _("Churn"), "paused": _("Paused"),
    }[kind]  # fmt: skip


def _bare(value: Money) -> str:
    """The figure alone; the currency stands once at the top of the page."""
    return i18n.money(value, short=False).rsplit("\u00a0", 1)[0]


def _signed(value: int) -> str:
    return f"+{value}" if value > 0 else f"\u2212{-value}" if value < 0 else "0"


def _name(account_id: int, name: str | None, email: str | None) -> str:
    return name or email or _("A patron, number %(number)s", number=account_id)
