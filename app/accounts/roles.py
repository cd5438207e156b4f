"""What staff may do, in words. Which page asks for which role stands on the page's view."""

from __future__ import annotations

from app.core.i18n import lazy_gettext as _l

LABELS = {
    "admin": _l("admin"),
    "editor": _l("editor"),
    "finance": _l("finance"),
    "viewer": _l("viewer"),
}
DESCRIBED = {
    "admin": _l("admin: everything, staff and settings too"),
    "editor": _l("editor: topics, rounds and texts; no money"),
    "finance": _l("finance: payments, refunds and reports; no ballots"),
    "viewer": _l("viewer: looks, and changes nothing"),
}


def label(role: str) -> str:
    """A role as people call it."""
    return str(LABELS[role])
