"""Signing in by mail and by a second factor, and the account's own pages."""

from __future__ import annotations

from app.accounts.views import second_factor, signing_in
from app.accounts.views.blueprint import bp
from app.accounts.views.signing_in import load_people

__all__ = ["bp", "load_people", "second_factor", "signing_in"]
