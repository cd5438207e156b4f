"""The outbox as a page, in development only."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("dev_mail", __name__, url_prefix="/dev")
