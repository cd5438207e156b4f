"""How often somebody may try: ten times in five minutes for a person, and for a network.

The link in a mail is never limited, so that a member gets in while somebody else types wrong codes.
"""

from __future__ import annotations

import ipaddress

from app.core.errors import TooMany
from app.core.forms import email_key
from app.core.i18n import lazy_gettext as _l
from app.core.limits import Limiter
from app.core.signing import fingerprint

RULE = "10/5minute"


class TooManyCodes(TooMany):
    message = _l(
        "Too many codes were typed. Wait a few minutes, or open the link in the mail: it still "
        "works."
    )


class TooManyAsked(TooMany):
    message = _l(
        "Too many mails were asked for. Wait a few minutes, or open the link in a mail that you "
        "have: it still works."
    )


def who(email: str) -> str:
    """What stands for an address in a key; the same whether or not it has an account."""
    return fingerprint(email_key(email))


def asking(limiter: Limiter, *, email: str, address: str | None) -> None:
    """Count one mail asked for. Raises TooManyAsked."""
    _count(limiter, "ask", address, who(email), TooManyAsked)


def typing_code(limiter: Limiter, *, person: str, address: str | None) -> None:
    """Count one code typed, from a mail or an app. Raises TooManyCodes."""
    _count(limiter, "code", address, person, TooManyCodes)


def typed_right(limiter: Limiter, *, person: str, address: str | None) -> None:
    """Count only wrong codes of a network: a newsroom of five begins its day within minutes."""
    limiter.take_back(RULE, "code", "network", network(address))
    limiter.forgive(RULE, "code", "person", person)


def signed_in(limiter: Limiter, *, person: str, address: str | None) -> None:
    """Start anew for who came in, and do not count the one mail that it took.

    Whatever else was asked on this network stays counted: else an account of one's own would open
    the door to any number of mails to others.
    """
    limiter.take_back(RULE, "ask", "network", network(address))
    limiter.forgive(RULE, "code", "person", person)


def network(address: str | None) -> str:
    """An IPv4 address, or the /64 that one household has in IPv6."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _count(
    limiter: Limiter, what: str, address: str | None, person: str, refusal: type[TooMany]
) -> None:
    try:
        limiter.hit(RULE, what, "network", network(address))
        limiter.hit(RULE, what, "person", person)
    except TooMany as error:
        raise refusal(retry_after=error.retry_after) from error
