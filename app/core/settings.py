"""The environment of one installation, read once at the start.

What the newsroom changes by itself (name, currencies, texts) is not here but in the room
``newsroom``. Every fault is reported together, so that an operator mends them in one go.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[2]
STRIPE_API = "https://api.stripe.com"
WEAK_SECRETS = frozenset({"", "changeme", "change-me", "dev", "secret", "secret-key", "test"})
CommaSeparated = Annotated[tuple[str, ...], NoDecode]


class BadEnvironment(Exception):
    """The environment cannot be run with; ``faults`` has one sentence a setting."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("Patron Desk cannot start:\n" + "\n".join(f"  - {f}" for f in faults))


class Settings(BaseSettings):
    """Settings by their names in the environment; see docs/settings.md."""

    model_config = SettingsConfigDict(case_sensitive=False, extra="ignore", frozen=True)

    app_env: Literal["production", "development", "test"] = "production"
    database_url: str = ""
    secret_key: str = ""
    secret_key_fallbacks: CommaSeparated = ()
    site_url: str = ""
    trusted_proxies: int = Field(default=0, ge=0, le=5)
    stripe_secret_key: str = ""
    stripe_webhook_secret: CommaSeparated = ()
    stripe_api_base: str = STRIPE_API
    mail_url: str = ""
    mail_from: str = ""
    redis_url: str = ""
    sentry_dsn: str = ""
    metrics_token: str = ""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("secret_key_fallbacks", "stripe_webhook_secret", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("site_url", "stripe_api_base")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _one_driver(cls, value: str) -> str:
        """Accept the two spellings hosts use for PostgreSQL, and default to SQLite in var/."""
        for old in ("postgres://", "postgresql://"):
            if value.startswith(old):
                return "postgresql+psycopg://" + value[len(old) :]
        return value or f"sqlite:///{ROOT / 'var' / 'patron-desk.db'}"

    @model_validator(mode="after")
    def _refuse_what_is_unsafe(self) -> Settings:
        faults = [*self._secret_faults(), *self._site_faults(), *self._stripe_faults()]
        faults += self._mail_faults()
        if faults:
            raise ValueError("\n".join(faults))
        return self

    @property
    def is_https(self) -> bool:
        """Whether readers reach the site over TLS; decides the session cookie's name."""
        return self.site_url.startswith("https://")

    @property
    def stripe_origin(self) -> str:
        """The origin a form may be redirected to besides Stripe's own pages; "" for live."""
        return "" if self.stripe_api_base == STRIPE_API else self.stripe_api_base

    def check_serving(self) -> None:
        """Raises BadEnvironment where Stripe's events could not be told from forged ones.

        Commands do without: one of them makes the secret.
        """
        if not self.stripe_webhook_secret:
            raise BadEnvironment(
                [
                    "STRIPE_WEBHOOK_SECRET is empty: run `flask --app wsgi stripe setup`, "
                    "or copy it from the endpoint's page at Stripe."
                ]
            )

    def _secret_faults(self) -> list[str]:
        if self.app_env != "production":
            return [] if self.secret_key else ["SECRET_KEY is empty: set any text of your own."]
        if self.secret_key.lower() in WEAK_SECRETS or len(self.secret_key) < 32:
            return [
                "SECRET_KEY is empty or too short: set 32 or more random characters, "
                'for example from: python -c "import secrets; print(secrets.token_urlsafe(48))"'
            ]
        return []

    def _site_faults(self) -> list[str]:
        parts = urlsplit(self.site_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            return ["SITE_URL is missing or no address: set it to https://your.host"]
        if parts.path or parts.query or parts.fragment:
            return ["SITE_URL has a path: give the scheme and host only, as https://your.host"]
        if parts.scheme == "http" and not _is_loopback(parts.hostname):
            return ["SITE_URL is http: set it to the https address that readers use"]
        if parts.scheme == "http" and self.app_env == "production":
            return ["SITE_URL is http: production needs https, or set APP_ENV=development"]
        return []

    def _stripe_faults(self) -> list[str]:
        faults = []
        parts = urlsplit(self.stripe_api_base)
        if not self.stripe_secret_key:
            faults.append("STRIPE_SECRET_KEY is empty: copy it from your Stripe dashboard.")
        elif not self.stripe_secret_key.startswith(("sk_test_", "sk_live_", "rk_")):
            faults.append("STRIPE_SECRET_KEY is no secret key: it starts with sk_ or rk_.")
        if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
            faults.append("STRIPE_API_BASE is http: only a loopback sandbox may be.")
        live = self.stripe_secret_key.startswith(("sk_live_", "rk_live_"))
        if live and self.stripe_api_base != STRIPE_API:
            faults.append("STRIPE_SECRET_KEY is live, STRIPE_API_BASE is not Stripe: unset one.")
        return faults

    def _mail_faults(self) -> list[str]:
        if self.app_env != "production":
            return []
        faults = []
        if not self.mail_url.startswith(("smtp://", "smtps://", "file:")):
            faults.append("MAIL_URL is missing: set smtp://user:password@host:587 or file:DIR")
        if "@" not in self.mail_from:
            faults.append("MAIL_FROM is missing: set the address that mails come from")
        return faults


def load_settings(**overrides: object) -> Settings:
    """Read the environment; raises BadEnvironment with every fault at once."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        faults: list[str] = []
        for item in error.errors():
            name = "_".join(str(part) for part in item["loc"]).upper()
            text = str(item["msg"]).removeprefix("Value error, ")
            faults += [f"{name}: {text}"] if name else text.splitlines()
        raise BadEnvironment(faults) from None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
