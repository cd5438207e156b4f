"""Patron Desk: the back end of reader-supported newsrooms.

``create_app`` is the one place that knows every room.
"""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_login import LoginManager
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter

from app.accounts import sessions
from app.accounts import signing_in as accounts_signing_in
from app.accounts import staff_views as accounts_staff
from app.accounts import views as accounts
from app.admin import staff_views as admin
from app.core import logs
from app.core.clock import Clock, wall_clock
from app.core.db import Database
from app.core.limits import Limiter
from app.core.settings import ROOT, Settings, load_settings
from app.core.web import failures, headers, languages, strangers
from app.core.web import layout as pages
from app.core.web.application import HouseApp
from app.core.web.context import House
from app.mail import outbox
from app.mail import sending as mail_sending
from app.mail import staff_views as mail_staff
from app.membership import forgetting as membership_forgetting
from app.membership import jobs as membership_jobs
from app.membership import staff_views as membership_staff
from app.membership import stripe_events as membership_events
from app.membership import views as membership
from app.newsroom import staff_views as newsroom_staff
from app.newsroom import views as newsroom
from app.ops import cli, services
from app.ops import views as ops
from app.payments import jobs as payments_jobs
from app.payments import staff_views as payments_staff
from app.payments import views as payments
from app.public import views as public
from app.reporting import movements
from app.reporting import staff_views as reporting
from app.topics import enrolling as topics_enrolling
from app.topics import forgetting as topics_forgetting
from app.topics import jobs as topics_jobs
from app.topics import staff_views as topics_staff
from app.topics import views as topics

BLUEPRINTS = (
    newsroom.bp, public.bp, membership.bp, accounts.bp, topics.bp, payments.bp, ops.bp,
    admin.bp, reporting.bp, membership_staff.bp, topics_staff.bp, payments_staff.bp,
    mail_staff.bp, accounts_staff.bp, newsroom_staff.bp,
)  # fmt: skip
# Rooms that fill the lists of lower ones, and the handlers of jobs: known by every process.
LISTENING = (
    mail_sending, accounts_signing_in, payments_jobs, membership_jobs, membership_events,
    membership_forgetting,
    topics_jobs, topics_enrolling, topics_forgetting, movements,
)  # fmt: skip
LARGEST_BODY = 1024 * 1024


class WholeId(IntegerConverter):
    """A number in a path that the database can hold; a larger one is a page that is not there."""

    def __init__(self, map: Any, **options: Any) -> None:
        super().__init__(map, max=2**63 - 1, **options)


def create_app(
    settings: Settings | None = None,
    *,
    clock: Clock = wall_clock,
    outside: dict[str, Any] | None = None,
) -> Flask:
    """Build the application; ``outside`` replaces services that speak to the world."""
    settings = settings or load_settings()
    logs.configure(settings)
    app = HouseApp(__name__, template_folder=str(ROOT / "templates"))
    _configure(app, settings)
    db = Database(settings.database_url, info=outbox.told(settings.site_url))
    limiter = Limiter(db, settings.redis_url)
    made = services.build(settings) | (outside or {})
    app.extensions["house"] = House(settings, db, clock, limiter, made)
    _install(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    if settings.app_env != "production":
        from app.mail import dev_views  # its pages do not exist in production

        app.register_blueprint(dev_views.bp)
    cli.install(app)
    _stand_before(app, settings)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SECRET_KEY_FALLBACKS=list(settings.secret_key_fallbacks),
        SESSION_COOKIE_NAME="__Host-session" if settings.is_https else "session",
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        SEND_FILE_MAX_AGE_DEFAULT=None,
        # A cookie lasts as long as the longest session; the row behind it may end it any time.
        PERMANENT_SESSION_LIFETIME=sessions.LIFETIME,
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_TIME_LIMIT=12 * 3600,
        WTF_CSRF_SSL_STRICT=settings.is_https,
        PREFERRED_URL_SCHEME="https" if settings.is_https else "http",
        TESTING=settings.app_env == "test",
        PROPAGATE_EXCEPTIONS=False,
    )
    app.url_map.converters["int"] = WholeId


def _install(app: Flask) -> None:
    """The order matters: our hooks run before CSRF may refuse, and its refusal has our headers."""
    login = LoginManager(app)
    login.session_protection = None
    accounts.load_people(login)
    languages.install(app)
    headers.install(app)
    pages.install(app)
    failures.install(app)
    csrf = CSRFProtect(app)
    csrf.exempt(payments.bp)


def _stand_before(app: Flask, settings: Settings) -> None:
    """What answers before the framework wakes; the last stands outermost."""
    strangers.install(app, look_every=0.0 if app.testing else strangers.LOOK_EVERY)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    payments.install(app)
