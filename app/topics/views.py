"""Topics, rounds, ballots and results for readers."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("topics", __name__)
