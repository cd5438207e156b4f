"""Headers of every answer, and the refusals that come before any view."""

from __future__ import annotations

from functools import lru_cache

from flask import Flask, Response, request

from app.core.errors import AppError
from app.core.i18n import lazy_gettext as _l
from app.core.web.context import settings

HOSTED_PAYMENT_PAGES = "https://checkout.stripe.com https://billing.stripe.com"
FIXED = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)
FOR_HTTPS = ("Strict-Transport-Security", "max-age=31536000")
STATIC_SECONDS = 365 * 24 * 3600


def install(app: Flask) -> None:
    app.before_request(_refuse_nul)
    app.after_request(_add_headers)


def _refuse_nul() -> None:
    """No text of ours can hold a NUL; in an address there is nobody to give it back to."""
    if "\x00" in request.path or any("\x00" in v for v in request.args.values()):
        raise AppError(_l("The address has a character in it that cannot be read."))


def _add_headers(response: Response) -> Response:
    there = {name.lower() for name, _ in response.headers}  # once: each look-up walks the list
    for name, value in _usual():
        if name.lower() not in there:
            response.headers.add(name, value)
    if request.endpoint == "static" and response.status_code == 200:
        response.headers["Cache-Control"] = f"public, max-age={STATIC_SECONDS}, immutable"
        return response
    if "cache-control" not in there:
        response.headers.add("Cache-Control", "no-store")
    if "vary" in there:
        response.vary.update(["Cookie", "Accept-Language"])
    else:
        response.headers.add("Vary", "Cookie, Accept-Language")
    return response


def _usual() -> list[tuple[str, str]]:
    """What every answer says unless its view said otherwise."""
    usual = [("Content-Security-Policy", _policy(settings().stripe_origin)), *FIXED]
    return [*usual, FOR_HTTPS] if settings().is_https else usual


@lru_cache(8)
def _policy(stripe_origin: str) -> str:
    """No page of ours has a script or a style within it, so none is allowed there."""
    forms = f"'self' {HOSTED_PAYMENT_PAGES} {stripe_origin}".strip()
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            f"form-action {forms}",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ]
    )
