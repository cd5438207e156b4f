"""Who may come in. A right that is missing is answered before the view is reached."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Literal, ParamSpec, TypeVar, cast
from urllib.parse import urlsplit

from flask import Response, current_app, redirect, request, url_for
from flask_login import current_user

from app.core.errors import AppError, Forbidden
from app.core.i18n import lazy_gettext as _l

Role = Literal["admin", "editor", "finance", "viewer"]
ASKED, GATE = "roles_asked", "gate"  # what a view says of itself
P = ParamSpec("P")
R = TypeVar("R")
# Filled by the room of accounts: asks for the second factor again; None where it came with this.
asks_again: list[Callable[[], Response | None]] = []


class SignedOut(AppError):
    status = 403
    is_sent_again = True
    title = _l("You are signed out")
    message = _l(
        "Nothing was done yet. Sign in in a new tab, then come back to this page and send it again."
    )


def signed_in(view: Callable[P, R]) -> Callable[P, R | Response]:
    """Only for who is signed in; others sign in first and come back."""

    def gate() -> str:
        return "" if current_user.is_authenticated else "accounts.sign_in"

    return _behind(gate, view)


def requires(
    *roles: Role, confirmed: bool = False
) -> Callable[[Callable[P, R]], Callable[P, R | Response]]:
    """Only for staff with one of these roles and a second factor; admin may all.

    ``requires()`` is any staff member. What is asked for here, menus and links know by ``way_to``.
    ``confirmed``: what is sent is done only soon after a second factor, else it is asked for first.
    """

    def gate() -> str:
        if not current_user.is_authenticated:
            return "accounts.sign_in"
        if not may(current_user, *roles):
            raise Forbidden()
        return "" if current_user.has_second_factor else "accounts.second_factor"

    def decorate(view: Callable[P, R]) -> Callable[P, R | Response]:
        def asking(*args: P.args, **kwargs: P.kwargs) -> R | Response:
            if confirmed and request.method == "POST" and not current_user.is_confirmed:
                [ask] = asks_again
                answer = ask()
                if answer is not None:
                    return answer
            return view(*args, **kwargs)

        guarded = _behind(gate, wraps(view)(asking))
        setattr(guarded, ASKED, roles)
        return guarded

    return decorate


def refuse_entry() -> None:
    """Raise what keeps a form's sender from its view, if anything does."""
    gate = getattr(current_app.view_functions[request.endpoint or ""], GATE, None)
    if gate is not None and gate():
        raise SignedOut()


def may(user: Any, *roles: Role) -> bool:
    """Whether a person's role is among these; admin may all, and every role what asks for none."""
    role = getattr(user, "role", None)
    return role is not None and (not roles or role == "admin" or role in roles)


def allowed(*roles: Role) -> bool:
    """Whether who is signed in has one of these roles."""
    return may(current_user, *roles)


def way_to(endpoint: str, **values: Any) -> str:
    """The address of a page for who may open it; "" for others, who are shown no link to it."""
    asked = getattr(current_app.view_functions[endpoint], ASKED, None)
    return url_for(endpoint, **values) if asked is None or allowed(*asked) else ""


def sees_money() -> bool:
    """Whether who is signed in sees amounts: editors choose topics and need none."""
    return allowed("finance", "viewer")


def keeps_accounts() -> bool:
    """Who keeps the accounts sees every name and address; others only of those who allowed it."""
    return allowed("finance")


def safe_target(target: str | None, default: str) -> str:
    """A local path to go on to, judged as a browser would resolve it; else the default."""
    if not target or not target.startswith("/") or not target.isprintable():
        return default
    if "\\" in target or target.startswith("//"):
        return default
    parts = urlsplit(target)
    return default if parts.scheme or parts.netloc else target


def _behind(gate: Callable[[], str], view: Callable[P, R]) -> Callable[P, R | Response]:
    """The view for whom its gate lets in; ``gate`` names the page that others pass first."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
        first = gate()
        if not first:
            return view(*args, **kwargs)
        if request.method not in {"GET", "HEAD"}:
            raise SignedOut()
        back = request.full_path.rstrip("?")
        return cast(Response, redirect(url_for(first, next=back), 303))

    setattr(guarded, GATE, gate)
    return guarded
