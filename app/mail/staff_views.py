"""The outbox."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("mail_staff", __name__)
