"""Moderating topics and holding rounds: for editors, and for nobody who only keeps the money."""

from __future__ import annotations

from app.core.i18n import gettext as _
from app.core.web import nav
from app.topics.staff_views import rounds, topics
from app.topics.staff_views.blueprint import bp

__all__ = ["bp", "rounds", "topics"]

nav.add("desk", "topics_staff.topics", label=lambda: _("Topics"), order=40)
nav.add("desk", "topics_staff.rounds", label=lambda: _("Rounds"), order=45)
