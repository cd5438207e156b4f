"""Joining, the pledge's own pages, and what is done from a mail without signing in."""

from __future__ import annotations

from app.membership import forgetting
from app.membership.views import account, joining, managing, menus
from app.membership.views.blueprint import bp

# Each hangs its addresses on the blueprint, or itself on the lists of lower rooms, when read.
__all__ = ["account", "bp", "forgetting", "joining", "managing", "menus"]
