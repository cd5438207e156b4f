"""The environment of one installation, read once at the start.

What the newsroom changes by itself (name, currencies, texts) is not here but in the room
``newsroom``. Every fault is reported together, so that an operator mends them in one go.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.core import checking

ROOT = Path(__file__).resolve().parents[2]
STRIPE_API = "https://api.stripe.com"
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
        faults = checking.faults(self)
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


def load_settings(**overrides: object) -> Settings:
    """Read the environment; raises BadEnvironment with every fault at once."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        raise BadEnvironment([*_told(error), *_hidden(error, overrides)]) from None


def _hidden(error: ValidationError, overrides: dict[str, object]) -> list[str]:
    """What is wrong besides values that cannot be read: with those, nothing else is looked at."""
    wrong = {str(item["loc"][0]).lower() for item in error.errors() if item["loc"]}
    if not wrong:
        return []
    defaults = {name: Settings.model_fields[name].default for name in wrong}
    try:
        Settings(**overrides | defaults)  # type: ignore[arg-type]
    except ValidationError as rest:
        return _told(rest)
    return []


def _told(error: ValidationError) -> list[str]:
    faults: list[str] = []
    for item in error.errors():
        name = "_".join(str(part) for part in item["loc"]).upper()
        text = str(item["msg"]).removeprefix("Value error, ")
        faults += [f"{name}: {text}"] if name else text.splitlines()
    return faults
