"""How often a pledge may be begun, so that nobody tries stolen cards by the thousand.

Counted are forms that are new and in order: a form sent twice by a double click counts once. Wall
time.
"""

from __future__ import annotations

import ipaddress

from app.core.errors import TooMany
from app.core.forms import email_key
from app.core.i18n import lazy_gettext as _l
from app.core.limits import Limiter

ONCE = "1/day"
PER_EMAIL = "10/hour"
PER_BROWSER = "15/10minute"
PER_ADDRESS = "30/10minute"
PER_NETWORK = "100/10minute"
ALL = "3000/10minute"
AGAIN = "100/10minute"
NETWORK_V4, NETWORK_V6, HOUSEHOLD_V6 = 24, 48, 64


class TooManyPledges(TooMany):
    message = _l("Too many pledges were begun from here. Wait a few minutes, then send it again.")


class TooManyChanges(TooMany):
    message = _l("That was changed often just now. Wait a few minutes, then try again.")


def joining(limiter: Limiter, *, form: str, email: str, browser: str, address: str | None) -> None:
    """Count one form that asks for a payment page; raises TooManyPledges past a limit."""
    if not _is_first(limiter, form):
        limiter.hit(AGAIN, "join", "again", _network(address, NETWORK_V4, NETWORK_V6))
        return
    try:
        limiter.hit(PER_EMAIL, "join", "email", email_key(email))
        limiter.hit(PER_BROWSER, "join", "browser", browser)
        limiter.hit(PER_ADDRESS, "join", "address", _network(address, 32, HOUSEHOLD_V6))
        limiter.hit(PER_NETWORK, "join", "network", _network(address, NETWORK_V4, NETWORK_V6))
        limiter.hit(ALL, "join", "all")
    except TooMany as error:
        limiter.forgive(ONCE, "join", "form", form)
        raise TooManyPledges(retry_after=error.retry_after) from error


def changing(limiter: Limiter, *, pledge: str) -> None:
    """Count one change of a pledge at Stripe; raises TooManyChanges."""
    try:
        limiter.hit("20/10minute", "pledge", pledge)
    except TooMany as error:
        raise TooManyChanges(retry_after=error.retry_after) from error


def asking_for_link(limiter: Limiter, *, email: str, address: str | None) -> None:
    """Count one mail with a link that was asked for; raises TooMany."""
    limiter.hit("10/5minute", "stop", "email", email_key(email))
    limiter.hit("30/5minute", "stop", "address", _network(address, 32, HOUSEHOLD_V6))


def looking(limiter: Limiter, *, checkout: str) -> bool:
    """Whether Stripe may be asked once more about a payment that somebody looks at."""
    try:
        limiter.hit("10/minute", "thanks", checkout)
    except TooMany:
        return False
    return True


def _is_first(limiter: Limiter, form: str) -> bool:
    try:
        limiter.hit(ONCE, "join", "form", form)
    except TooMany:
        return False
    return True


def _network(address: str | None, v4: int, v6: int) -> str:
    """The network around an address, as long as the prefix says."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    prefix = v4 if found.version == 4 else v6
    return str(ipaddress.ip_network((found, prefix), strict=False))
