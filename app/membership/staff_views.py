"""Patrons, as the newsroom sees them."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("membership_staff", __name__)
