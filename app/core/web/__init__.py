"""Where a request meets the house: its session, clock, language, rights and answers.

Views use ``reading()``, ``transaction()``, ``now()`` and ``requires(role)`` from here and need
nothing else of Flask's application object.
"""

from __future__ import annotations

from flask import url_for

from app.core.web.access import (
    Role,
    allowed,
    keeps_accounts,
    requires,
    safe_target,
    sees_money,
    signed_in,
    way_to,
)
from app.core.web.context import (
    database,
    limiter,
    now,
    once,
    reading,
    services,
    settings,
    transaction,
)
from app.core.web.failures import refusal
from app.core.web.nav import NavItem, nav

__all__ = [
    "NavItem",
    "Role",
    "allowed",
    "database",
    "keeps_accounts",
    "limiter",
    "nav",
    "now",
    "once",
    "reading",
    "refusal",
    "requires",
    "safe_target",
    "sees_money",
    "services",
    "settings",
    "signed_in",
    "transaction",
    "url_for",
    "way_to",
]
