"""Moderating topics and holding rounds."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("topics_staff", __name__)
