"""Topics, rounds, ballots and results for readers."""

from __future__ import annotations

from app.topics.views import menus, rounds, topics
from app.topics.views.blueprint import bp

__all__ = ["bp", "menus", "rounds", "topics"]
