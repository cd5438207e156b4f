"""Joining, the pledge's own pages, and what is done from a mail without signing in."""

from __future__ import annotations

from app.membership.views import account, joining, managing, menus
from app.membership.views.blueprint import bp

__all__ = ["account", "bp", "joining", "managing", "menus"]
