"""Second factor and staff."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("accounts_staff", __name__)
