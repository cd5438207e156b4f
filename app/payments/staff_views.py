"""Payments, events and what is unclaimed."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("payments_staff", __name__)
