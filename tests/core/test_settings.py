"""An environment that cannot be run with is refused whole, in words that help."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.settings import BadEnvironment, Settings, load_settings

PRODUCTION: dict[str, Any] = {
    "app_env": "production",
    "secret_key": "k" * 48,
    "site_url": "https://desk.example.org",
    "stripe_secret_key": "sk_live_1",
    "stripe_webhook_secret": "whsec_1,whsec_2",
    "mail_url": "smtp://mail.example.org:587",
    "mail_from": "desk@example.org",
}


def faults(**changes: Any) -> list[str]:
    with pytest.raises(BadEnvironment) as refused:
        load_settings(**(PRODUCTION | changes))
    return refused.value.faults


def test_a_whole_environment_is_read() -> None:
    settings = load_settings(**PRODUCTION)
    assert settings.is_https
    assert settings.stripe_webhook_secret == ("whsec_1", "whsec_2")
    assert settings.stripe_origin == ""


def test_an_empty_environment_names_every_missing_setting_at_once() -> None:
    with pytest.raises(BadEnvironment) as refused:
        load_settings()
    text = str(refused.value)
    for name in ("SECRET_KEY", "SITE_URL", "STRIPE_SECRET_KEY", "MAIL_URL", "MAIL_FROM"):
        assert name in text


@pytest.mark.parametrize("secret", ["", "dev", "changeme", "short"])
def test_production_refuses_a_weak_secret(secret: str) -> None:
    assert any("SECRET_KEY" in fault for fault in faults(secret_key=secret))


def test_a_webhook_secret_that_is_only_commas_is_none() -> None:
    settings = load_settings(**(PRODUCTION | {"stripe_webhook_secret": " , "}))
    with pytest.raises(BadEnvironment, match="STRIPE_WEBHOOK_SECRET"):
        settings.check_serving()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("site_url", "https://[bad"),
        ("site_url", "https://desk.example.org:port"),
        ("database_url", "nonsense"),
        ("database_url", "mysql://user@host/name"),
        ("database_url", "postgresql://user@host:port/name"),
        ("mail_url", "smtp://mail.example.org:port"),
        ("mail_url", "smtp://"),
        ("mail_url", "https://mail.example"),
        ("mail_url", "mail.example"),
        ("mail_url", "mail.example.org"),
        ("mail_from", "@"),
        ("mail_from", "Desk"),
        ("redis_url", "nonsense"),
        ("redis_url", "redis://host:port"),
        ("stripe_api_base", "nonsense"),
        ("stripe_api_base", "https://[bad"),
        ("secret_key_fallbacks", "dev"),
        ("secret_key_fallbacks", f"{'k' * 48},short"),
        ("trusted_proxies", "9"),
        ("app_env", "prod"),
    ],
)
def test_a_value_that_cannot_be_names_its_setting_and_hides_no_other_fault(
    name: str, value: str
) -> None:
    missing = "secret_key"
    found = faults(**{name: value, missing: ""})
    assert any(fault.startswith(name.upper()) for fault in found)
    assert any(fault.startswith("SECRET_KEY is") for fault in found)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("database_url", "sqlite:////srv/desk.db"),
        ("mail_url", "smtps://desk:p%40ss@mail.example.org"),
        ("mail_url", "file:/srv/mails"),
        ("mail_from", "Desk <desk@example.org>"),
        ("redis_url", "rediss://user:word@cache.example.org:6380/1"),
        ("secret_key_fallbacks", "o" * 48),
        ("site_url", "https://[2001:db8::1]:8443"),
    ],
)
def test_what_can_be_is_taken(name: str, value: str) -> None:
    load_settings(**PRODUCTION | {name: value})


def test_a_live_key_beside_a_sandbox_is_refused_and_not_printed() -> None:
    found = faults(stripe_api_base="http://127.0.0.1:9000")
    assert any("live" in fault for fault in found)
    assert "sk_live_1" not in " ".join(found)


@pytest.mark.parametrize(
    "site", ["http://desk.example.org", "https://desk.example.org/x", "desk", "http://localhost"]
)
def test_production_is_served_over_https_from_the_root(site: str) -> None:
    assert any("SITE_URL" in fault for fault in faults(site_url=site))


def test_development_may_be_http_on_loopback_only() -> None:
    local = PRODUCTION | {"app_env": "development", "stripe_secret_key": "sk_test_1"}
    assert not load_settings(**(local | {"site_url": "http://localhost:8000"})).is_https
    with pytest.raises(BadEnvironment):
        load_settings(**(local | {"site_url": "http://192.168.0.5:8000"}))


@pytest.mark.parametrize("spelling", ["postgres://u@h/d", "postgresql://u@h/d"])
def test_both_spellings_of_a_postgresql_address_are_one(spelling: str) -> None:
    settings = load_settings(**PRODUCTION, database_url=spelling)
    assert settings.database_url == "postgresql+psycopg://u@h/d"


def test_an_unknown_value_names_its_setting() -> None:
    assert any(fault.startswith("LOG_LEVEL") for fault in faults(log_level="LOUD"))
    assert any(fault.startswith("TRUSTED_PROXIES") for fault in faults(trusted_proxies="many"))


def test_every_setting_has_a_name_that_is_fixed() -> None:
    assert set(Settings.model_fields) >= {"database_url", "redis_url", "metrics_token"}
