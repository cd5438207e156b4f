"""What the files of these views hang their addresses on."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("accounts", __name__)
