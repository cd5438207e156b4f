"""Who may see what of the figures: money is not for editors, names are for who keeps the books."""

from __future__ import annotations

from app.core.web import allowed


def sees_money() -> bool:
    """Editors choose topics and need no amounts."""
    return allowed("finance", "viewer")


def keeps_accounts() -> bool:
    """Who keeps the accounts sees every name; others only those who allowed it."""
    return allowed("finance")
