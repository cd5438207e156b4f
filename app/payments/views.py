"""Where Stripe's events come in."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("payments", __name__)
