"""One handler for what went wrong: a page in the reader's language, or problem+json."""

from __future__ import annotations

import secrets
from http import HTTPStatus

import structlog
from flask import (
    Flask,
    Response,
    current_app,
    jsonify,
    make_response,
    render_template,
    request,
    url_for,
)
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from app.core.errors import AppError, NotFound, TooMany, Unavailable
from app.core.i18n import Lazy, language
from app.core.i18n import lazy_gettext as _l
from app.core.web import access, waiting
from app.core.web.context import house

MACHINE_PATHS = ("/api/", "/stripe/", "/up", "/metrics", "/mail/bounce")
log = structlog.get_logger()


class FormExpired(AppError):
    title = _l("This page was open for too long")
    message = _l(
        "To keep you safe, a form works for some hours only. Nothing was sent. "
        "Go back, reload the page and send it again."
    )


class SentLate(AppError):
    is_sent_again = True
    title = _l("Please send it once more")
    message = _l(
        "The page was open for many hours, or you signed in or out meanwhile. Nothing was done yet."
    )


class BadRequest(AppError):
    title = _l("That could not be read")


class MethodNotAllowed(AppError):
    status = 405
    title = _l("This address answers otherwise")
    message = _l("It cannot be used in this way. Go back and use the form or the link.")


class TooLarge(AppError):
    status = 413
    title = _l("That is too much at once")
    message = _l("What you sent is larger than we can take. Shorten it and send it again.")


class UnsupportedType(AppError):
    status = 415
    title = _l("That format cannot be read")
    message = _l("Send a form, or JSON where the documentation says so.")


class ServerFault(AppError):
    status = 500
    is_sent_again = True
    title = _l("A mistake on our side")
    message = _l(
        "It was written down and we will look at it. Your last step may not have been kept."
    )


BY_STATUS: dict[int, type[AppError]] = {
    404: NotFound, 405: MethodNotAllowed, 413: TooLarge, 415: UnsupportedType, 429: TooMany,
    503: Unavailable,
}  # fmt: skip


def install(app: Flask) -> None:
    app.register_error_handler(AppError, show)
    app.register_error_handler(CSRFError, _show_unsure)
    app.register_error_handler(HTTPException, _show_http)
    app.register_error_handler(DBAPIError, _show_database)
    app.register_error_handler(PoolTimeout, _show_database)
    app.register_error_handler(Exception, _show_bug)


def show(error: AppError, *, reference: str = "") -> Response:
    """The answer to an error: its status, its words, and what to do."""
    title, message = str(error.title), str(error.message)
    if request.path.startswith(MACHINE_PATHS):
        response = jsonify(type="about:blank", title=title, status=error.status, detail=message)
        response.content_type = "application/problem+json"
    else:
        sent = waiting.typed() if error.is_sent_again else None
        response = make_response(
            _page(
                status=error.status, title=title, message=message, reference=reference, sent=sent,
                back=waiting.page_before(),
            )
        )  # fmt: skip
    response.status_code = error.status
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def refusal(page: str, error: AppError) -> Response:
    """A page that tells an error itself: with its status, and when to come again."""
    response = make_response(page, error.status)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _page(**told: object) -> str:
    """The error page; where the layout cannot be had, its words and what was typed alone."""
    try:
        return render_template("errors/error.html", **told)
    except Exception:
        log.exception("the error page cannot be rendered")
    bare = current_app.jinja_env.get_template("errors/bare.html")
    sheet = url_for("static", filename="css/reader.css")
    return bare.render(locale=language(), path=request.path, sheet=sheet, **told)


def _show_unsure(_error: CSRFError) -> Response:
    """A form without a token that holds: who sent it says so again, once they may come in."""
    try:
        access.refuse_entry()
    except AppError as error:
        return show(error)
    return show(FormExpired() if waiting.typed() is None else SentLate())


def _show_http(error: HTTPException) -> Response:
    if error.code is not None and 300 <= error.code < 400:
        return make_response(error.get_response())
    kind = BY_STATUS.get(error.code or 500, BadRequest)
    problem = kind()
    problem.status = error.code or 500
    if kind is BadRequest and problem.status >= 500:
        problem.title = Lazy(HTTPStatus(problem.status).phrase)
    response = show(problem)
    if isinstance(getattr(error, "valid_methods", None), (list, set, tuple)):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]
    return response


def _show_database(error: Exception) -> Response:
    """A database that is away, full or locked: 503, and the log says why."""
    if isinstance(error, DBAPIError) and not _is_outage(error):
        return _show_bug(error)
    log.error("database unavailable", error=str(error)[:500], address=_address())
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        house().db.engine.dispose()
    return show(Unavailable(retry_after=5))


def _address() -> str:
    """The kind of page for the log: addresses themselves may hold what opens somebody's own."""
    return request.url_rule.rule if request.url_rule else ""


def _is_outage(error: DBAPIError) -> bool:
    return type(error).__name__ in {"OperationalError", "InterfaceError"}


def _show_bug(error: Exception) -> Response:
    reference = secrets.token_hex(4)
    log.error("unexpected error", reference=reference, address=_address(), exc_info=error)
    return show(ServerFault(), reference=reference)
