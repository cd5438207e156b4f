"""What an operator is told where a command cannot do its work: one sentence, with the remedy."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.core.errors import AppError
from app.payments.gateway import StripeRefused, StripeUnavailable

UNDEFINED = {"UndefinedTable", "UndefinedColumn"}  # SQLite's are operational errors


def in_words(command: click.Command) -> click.Command:
    """Let a command, or each of a group, end with a sentence and not with a trace."""
    if isinstance(command, click.Group):
        for one in command.commands.values():
            in_words(one)
    elif command.callback is not None:
        command.callback = _worded(command.callback)
    return command


def _worded(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except (DBAPIError, PoolTimeout, AppError) as error:
            told = _words(error)
            if told is None:
                raise
            raise click.ClickException(told) from None

    return run


def _words(error: Exception) -> str | None:
    """None for what is a mistake of ours."""
    if isinstance(error, StripeUnavailable):
        return (
            "Stripe does not answer. See that this machine reaches it, and that STRIPE_SECRET_KEY, "
            "and STRIPE_API_BASE where you set it, are right."
        )
    if isinstance(error, StripeRefused):
        return (
            f"Stripe refused this ({error.code or 'it gave no code'}). See that STRIPE_SECRET_KEY "
            "is of the right account and may do it."
        )
    if isinstance(error, AppError):
        return str(error.message)
    if isinstance(error, DBAPIError) and type(error.orig).__name__ in UNDEFINED:
        return _unusable(error.orig)
    if isinstance(error, OperationalError | InterfaceError):
        return _unusable(error.orig)
    return _unusable(error) if isinstance(error, PoolTimeout) else None


def _unusable(reason: BaseException | None) -> str:
    first = next(iter(str(reason).splitlines()), "it gave no reason")
    return (
        f"The database cannot be used: {first}. See that it runs and may be written to, that "
        "DATABASE_URL is right, and that `flask --app wsgi serve` has migrated it."
    )
