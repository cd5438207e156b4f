"""Signing in and the account's own pages."""

from __future__ import annotations

from flask import Blueprint
from flask_login import LoginManager

from app.accounts import sessions
from app.core.clock import wall_clock
from app.core.web import reading

bp = Blueprint("accounts", __name__)


def load_people(login: LoginManager) -> None:
    """Tell Flask-Login how a cookie becomes a person."""

    @login.user_loader  # type: ignore[untyped-decorator]
    def load(token: str) -> sessions.Person | None:
        with reading() as session:
            return sessions.person(session, token=token, wall=wall_clock())
