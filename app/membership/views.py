"""Joining, and what a patron does with their pledge."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("membership", __name__)
