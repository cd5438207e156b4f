"""What this room adds to the menus, and the running round that every page names."""

from __future__ import annotations

from flask import g

from app.core.i18n import gettext as _
from app.core.web import database, nav
from app.topics import queries


def running() -> queries.Running | None:
    """The round that is open, read once a request."""
    if "running_round" not in g:
        with database().statement() as connection:
            g.running_round = queries.running(connection)
    found: queries.Running | None = g.running_round
    return found


def _label() -> str | None:
    found = running()
    return _("Round %(number)s", number=found.number) if found else None


def _values() -> dict[str, object]:
    found = running()
    return {"round_id": found.id} if found else {}


nav.add("reader", "topics.show_round", label=_label, values=_values, order=10)
nav.add("reader", "topics.index", label=lambda: _("Topics"), order=20)
nav.add("reader", "topics.stories", label=lambda: _("Stories"), order=30)
