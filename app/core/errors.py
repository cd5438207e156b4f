"""Errors that a person can understand; anything else is a bug."""

from __future__ import annotations

from app.core.i18n import Lazy
from app.core.i18n import lazy_gettext as _l


class AppError(Exception):
    """Something the reader can be told: a status, a title and a sentence.

    Both are translated when the one handler shows them.
    """

    status = 400
    is_sent_again = False  # whether the same may be sent once more as it is
    title = _l("That did not work")
    message = _l("Something in the request was not right. Nothing was changed.")

    def __init__(self, message: Lazy | None = None, *, retry_after: int | None = None) -> None:
        if message is not None:
            self.message = message
        self.retry_after = retry_after
        super().__init__(self.message.message)


class NotFound(AppError):
    status = 404
    title = _l("There is nothing here")
    message = _l("The page may have moved, or the address has a slip in it.")


class Forbidden(AppError):
    status = 403
    title = _l("This is not open to you")
    message = _l("Your sign-in does not include this page.")


class Conflict(AppError):
    status = 409
    title = _l("This changed meanwhile")
    message = _l(
        "Somebody, perhaps you in another tab, changed this first. Look again, then decide."
    )


class Gone(AppError):
    status = 410
    title = _l("This has ended")
    message = _l("The address was right once, and is not any more.")


class TooMany(AppError):
    status = 429
    is_sent_again = True
    title = _l("Too many tries")
    message = _l("Please wait a few minutes, then try again.")


class Unavailable(AppError):
    status = 503
    is_sent_again = True
    title = _l("Not just now")
    message = _l(
        "A part we need does not answer. Nothing was charged. Please try again in a minute."
    )
