"""This request's newsroom, read once however many ask."""

from __future__ import annotations

from app.core.web import database, once
from app.newsroom import queries
from app.newsroom.models import Newsroom


def here() -> Newsroom:
    """The newsroom as it stands for this request."""
    return once("newsroom", _read)


def _read() -> Newsroom:
    with database().statement() as connection:
        return queries.for_reading(connection)
