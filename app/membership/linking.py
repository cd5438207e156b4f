"""The link to one pledge that stands in every mail about money: signed, and good for 30 days.

Whoever has the mail may stop, undo and lower that pledge, and see nothing else of the person.
"""

from __future__ import annotations

from app.core.settings import Settings
from app.core.signing import Signer

PURPOSE = "manage"
SECONDS = 30 * 24 * 3600  # wall time


def address(settings: Settings, ref: str) -> str:
    """The whole address of a pledge's page, for a mail."""
    return f"{settings.site_url}/manage/{Signer(settings, PURPOSE).sign(ref)}"


def ref_in(settings: Settings, token: str) -> str | None:
    """The ref of the pledge that a link is for; None where it is foreign or too old."""
    ref = Signer(settings, PURPOSE).read(token, max_age=SECONDS)
    return ref if isinstance(ref, str) else None
