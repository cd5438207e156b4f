"""Commands for operators: `flask --app wsgi …`."""

from __future__ import annotations

from flask import Flask


def install(app: Flask) -> None:
    """Add the commands to the application."""
