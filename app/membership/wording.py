"""Sentences about money and consent that several places must say alike, in the language in force.

The line before paying stands on the join page, on Stripe's page and in the first mail.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from app.core.i18n import Lazy, date, day_ordinal, money
from app.core.i18n import gettext as _
from app.core.i18n import lazy_gettext as _l
from app.core.money import Money

SHORTEST_MONTH = 28
CONSENT_VERSION = 1  # goes up with every change of the words below
CONSENTS: dict[str, tuple[Lazy, Lazy]] = {
    "know_me": (
        _l("The newsroom may know who I am"),
        _l("Otherwise only the person who keeps the accounts sees it."),
    ),
    "on_wall": (
        _l("Put my name on the wall of supporters"),
        _l("The name only, never the amount."),
    ),
    "credit_me": (
        _l("Credit me under stories I voted for"),
        _l("For example: “Chosen by Daryna K. and 130 other patrons”."),
    ),
}


def charges(interval: str, total: Money, first: datetime, zone: str) -> str:
    """The line before paying: what is charged today, and when again.

    Stripe repeats a charge on the same day of the month, or on the last day of a shorter one.
    """
    amount, local = money(total), first.astimezone(ZoneInfo(zone))
    if interval == "once":
        return _("You will be charged %(amount)s once, today. Nothing is repeated.", amount=amount)
    if interval == "year":
        return _yearly(amount, local, zone)
    day = day_ordinal(local.day)
    if local.day > SHORTEST_MONTH:
        return _(
            "You will be charged %(amount)s today and on the %(day)s of each month, or on the "
            "last day of a shorter one, until you stop.",
            amount=amount,
            day=day,
        )
    return _(
        "You will be charged %(amount)s today and on the %(day)s of each month until you stop.",
        amount=amount,
        day=day,
    )


def gives(interval: str, total: Money) -> str:
    """The consequence of the button: "Give 5 € a month"."""
    if interval == "month":
        return _("Give %(amount)s a month", amount=money(total))
    if interval == "year":
        return _("Give %(amount)s a year", amount=money(total))
    return _("Give %(amount)s once", amount=money(total))


def rate(interval: str, total: Money) -> str:
    """An amount with its interval: "5 € a month"."""
    if interval == "month":
        return _("%(amount)s a month", amount=money(total))
    if interval == "year":
        return _("%(amount)s a year", amount=money(total))
    return _("%(amount)s once", amount=money(total))


def product(interval: str, newsroom: str) -> str:
    """What is bought, as Stripe's page and the bank's line name it."""
    if interval == "month":
        return _("Monthly support of %(newsroom)s", newsroom=newsroom)
    if interval == "year":
        return _("Yearly support of %(newsroom)s", newsroom=newsroom)
    return _("A gift to %(newsroom)s", newsroom=newsroom)


def consent(kind: str) -> dict[str, object]:
    """A consent as it was worded for the reader who ticks it now."""
    label, hint = CONSENTS[kind]
    return {"kind": kind, "wording": f"{label}. {hint}", "version": CONSENT_VERSION}


def _yearly(amount: str, local: datetime, zone: str) -> str:
    if (local.month, local.day) == (2, 29):
        return _(
            "You will be charged %(amount)s today and on the last day of February each year "
            "until you stop.",
            amount=amount,
        )
    return _(
        "You will be charged %(amount)s today and on %(day)s each year until you stop.",
        amount=amount,
        day=date(local, zone, "d MMMM"),
    )
