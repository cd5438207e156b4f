"""What staff may do, in words. Which page asks for which role stands on the page's view."""

from __future__ import annotations

from app.accounts.models import ROLES
from app.core.i18n import lazy_gettext as _l

LABELS = {
    "admin": _l("admin"),
    "editor": _l("editor"),
    "finance": _l("finance"),
    "viewer": _l("viewer"),
}
MEANINGS = {
    "admin": _l("Everything, staff and settings too"),
    "editor": _l("Topics, rounds and texts; no money"),
    "finance": _l("Payments, refunds and reports; no ballots"),
    "viewer": _l("Looks, and changes nothing"),
}


def label(role: str) -> str:
    """A role as people call it."""
    return str(LABELS[role])


def choices() -> list[tuple[str, str]]:
    """All roles with what they mean, for a form."""
    return [(role, f"{label(role)}: {MEANINGS[role]}") for role in ROLES]
