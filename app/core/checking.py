"""What is wrong with an environment: a sentence a setting, with what to do, and never its value."""

from __future__ import annotations

import ipaddress
import re
from email.utils import parseaddr
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

if TYPE_CHECKING:
    from app.core.settings import Settings

WEAK_SECRETS = frozenset({"", "changeme", "change-me", "dev", "secret", "secret-key", "test"})
SHORTEST_SECRET = 32
ENGINES = ("sqlite", "postgresql+psycopg")
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


def faults(settings: Settings) -> list[str]:
    """All that keeps this environment from being run with."""
    return [
        *_database(settings),
        *_secrets(settings),
        *_site(settings),
        *_stripe(settings),
        *_mail(settings),
        *_redis(settings),
    ]


def _database(settings: Settings) -> list[str]:
    try:
        engine = make_url(settings.database_url).drivername
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        engine = ""
    if engine in ENGINES:
        return []
    return [
        "DATABASE_URL is no address of PostgreSQL or SQLite: "
        "set postgresql://user:password@host/name or sqlite:////folder/file.db"
    ]


def _secrets(settings: Settings) -> list[str]:
    if settings.app_env != "production":
        return [] if settings.secret_key else ["SECRET_KEY is empty: set any text of your own."]
    found = []
    if _is_weak(settings.secret_key):
        found.append(
            "SECRET_KEY is empty or too short: set 32 or more random characters, "
            'for example from: python -c "import secrets; print(secrets.token_urlsafe(48))"'
        )
    if any(map(_is_weak, settings.secret_key_fallbacks)):
        found.append(
            "SECRET_KEY_FALLBACKS has a key that is too short: "
            "who guesses an old key signs in as anybody, so leave it out."
        )
    return found


def _is_weak(secret: str) -> bool:
    return secret.lower() in WEAK_SECRETS or len(secret) < SHORTEST_SECRET


def _site(settings: Settings) -> list[str]:
    parts = _parts(settings.site_url)
    if parts is None or parts.scheme not in {"http", "https"}:
        return ["SITE_URL is missing or no address: set it to https://your.host"]
    if parts.path or parts.query or parts.fragment:
        return ["SITE_URL has a path: give the scheme and host only, as https://your.host"]
    if parts.scheme == "http" and not _is_loopback(parts):
        return ["SITE_URL is http: set it to the https address that readers use"]
    if parts.scheme == "http" and settings.app_env == "production":
        return ["SITE_URL is http: production needs https, or set APP_ENV=development"]
    return []


def _stripe(settings: Settings) -> list[str]:
    found = []
    parts = _parts(settings.stripe_api_base)
    if not settings.stripe_secret_key:
        found.append("STRIPE_SECRET_KEY is empty: copy it from your Stripe dashboard.")
    elif not settings.stripe_secret_key.startswith(("sk_test_", "sk_live_", "rk_")):
        found.append("STRIPE_SECRET_KEY is no secret key: it starts with sk_ or rk_.")
    if parts is None or parts.scheme not in {"http", "https"}:
        found.append("STRIPE_API_BASE is no address: leave it out, or set a sandbox's, as http://…")
    elif parts.scheme == "http" and not _is_loopback(parts):
        found.append("STRIPE_API_BASE is http: only a loopback sandbox may be.")
    live = settings.stripe_secret_key.startswith(("sk_live_", "rk_live_"))
    if live and settings.stripe_origin:
        found.append("STRIPE_SECRET_KEY is live, STRIPE_API_BASE is not Stripe: unset one.")
    return found


def _mail(settings: Settings) -> list[str]:
    found = []
    url, is_production = settings.mail_url, settings.app_env == "production"
    if url in {"", "outbox:"}:
        if is_production:
            found.append("MAIL_URL is missing: set smtp://user:password@host:587 or file:DIR")
    elif not url.startswith("file:"):
        parts = _parts(url)
        if parts is None or parts.scheme not in {"smtp", "smtps"}:
            found.append(
                "MAIL_URL is no address of a mail server: set smtp://user:password@host:587, "
                "smtps://user:password@host:465 or file:DIR"
            )
    sender = parseaddr(settings.mail_from)[1]
    if (is_production or settings.mail_from) and not ADDRESS.fullmatch(sender):
        found.append("MAIL_FROM is missing or no address: set the one that mails come from")
    return found


def _redis(settings: Settings) -> list[str]:
    parts = _parts(settings.redis_url)
    if not settings.redis_url or (parts and parts.scheme in {"redis", "rediss"}):
        return []
    return ["REDIS_URL is no address of Redis: leave it out, or set redis://host:6379"]


def _parts(url: str) -> SplitResult | None:
    """The parts of an address that has a host and, if any, a port that can be."""
    try:
        parts = urlsplit(url)
        return parts if parts.hostname and parts.port != 0 else None
    except ValueError:
        return None


def _is_loopback(parts: SplitResult) -> bool:
    if parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
