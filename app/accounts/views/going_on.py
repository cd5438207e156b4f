"""Where somebody goes who came in, and how their browser keeps that they did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import Response, redirect, session
from flask_login import login_user

from app.core.web import safe_target

ACCOUNT = "/account"
DESK = "/admin/"
LONGEST_TARGET = 500
Answer = Response | str | tuple[str, int]


@dataclass(frozen=True, slots=True)
class _Entering:
    """All that Flask-Login asks of who comes in."""

    token: str
    is_active: bool = True

    def get_id(self) -> str:
        return self.token


def start(token: str) -> None:
    """Let this browser's cookie hold a session's token, and nothing from before."""
    session.clear()
    session.permanent = True
    login_user(_Entering(token))


def go_on(target: str | None, *, is_staff: bool) -> Response:
    default = DESK if is_staff else ACCOUNT
    return see(safe_target(local(target), default))


def local(asked: str | None) -> str | None:
    """The page somebody came from, where it is one of ours."""
    if not asked or len(asked) > LONGEST_TARGET:
        return None
    return safe_target(asked, "") or None


def see(address: str) -> Response:
    return cast(Response, redirect(address, 303))
