"""What every test may ask for: a clock, a database on each engine, the app and a reader.

A test that takes ``engine_name``, or anything that stands on it, runs once on SQLite and once on
PostgreSQL. Rooms add what only they need in a conftest.py of their own folder.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings as hypothesis_settings

from app.core.db import Database
from app.core.settings import Settings
from app.ops.cli import work_of
from app.payments.events import SUBSCRIBED
from app.payments.gateway import Gateway
from app.sandbox import create_sandbox
from tests import rehearsing
from tests.clocks import FixedClock
from tests.contract.middleware import checked, checked_sender
from tests.databases import ENGINES, Databases, let_go
from tests.reading import Reader
from tests.rehearsing import NOWHERE, SHELL_KEY, WEBHOOK, WEBHOOK_SECRET, Apps, Post
from tests.sandbox.inprocess import WsgiClient

if TYPE_CHECKING:
    from flask import Flask
    from playwright.sync_api import Browser

    from app.sandbox import WiredSandbox
    from tests.contract.report import Report

pytest_plugins = ["tests.contract.plugin", "tests.ordering", "tests.summary"]

# As in ./dev, which says more.
BROWSERS = (
    "chromium-headless-shell", "/usr/lib/chromium/chromium", "chromium", "chromium-browser",
    "google-chrome-stable", "google-chrome",
)  # fmt: skip
# Each window prepares two pages behind its address line, which nobody sees here, in a process of
# their own: 0.3 s of CPU a window. The last list of features counts: the others are Playwright's.
UNUSED_FEATURES = (
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup",
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding",
    "ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints",
    "NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch",
    "SpareRendererForSitePerProcess",
)  # fmt: skip
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--in-process-gpu",  # nothing is drawn by one; a process fewer
    # All pages are ours: one process shows them, where each new one costs as much as a page.
    "--renderer-process-limit=1",
    "--disable-site-isolation-trials",
    f"--disable-features={','.join(UNUSED_FEATURES)}",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="add the long forms of the tests")
    parser.addoption("--stripe-live", action="store_true", help="ask the real Stripe; a test key")


def pytest_configure(config: pytest.Config) -> None:
    """Read no settings of the shell, and let generated tests take as long as they take."""
    config.stash[SHELL_KEY] = os.environ.get("STRIPE_SECRET_KEY", "")
    for name in Settings.model_fields:
        os.environ.pop(name.upper(), None)
    hypothesis_settings.register_profile("default", deadline=None, max_examples=60)
    hypothesis_settings.register_profile("long", deadline=None, max_examples=1000)
    hypothesis_settings.load_profile("long" if config.getoption("--long") else "default")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without --long, its tests are left out of the run rather than skipped in it."""
    if config.getoption("--long"):
        return
    left_out = [item for item in items if item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def in_full(pytestconfig: pytest.Config) -> bool:
    """Whether this is the long form: every width, scheme, order and kill."""
    return bool(pytestconfig.getoption("--long"))


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Makes databases; tests mostly want ``database`` or ``db``."""
    with ExitStack() as stack:
        yield Databases(tmp_path_factory.mktemp("databases"), stack)


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    """The database's kind; who asks for it is run on both."""
    return str(request.param)


@pytest.fixture
def database(engine_name: str, databases: Databases) -> Iterator[str]:
    """The address of a fresh, migrated database."""
    with databases.migrated(engine_name) as url:
        yield url


@pytest.fixture
def db(database: str, databases: Databases) -> Iterator[Database]:
    """A fresh, migrated database."""
    opened = databases.opened(database)
    yield opened
    let_go(opened)


@pytest.fixture
def clock() -> FixedClock:
    """The business's time, which a test moves."""
    return FixedClock()


@pytest.fixture
def settings(database: str) -> Settings:
    """The environment of a test's app."""
    return settings_of(database)


@cache
def settings_of(database: str) -> Settings:
    """Made once for each address: looking for each setting takes as long as starting a sandbox."""
    return Settings(
        app_env="test",
        database_url=database,
        secret_key="a key for tests only",
        site_url="http://localhost",
        stripe_secret_key="sk_test_sandbox",
        stripe_webhook_secret=(WEBHOOK_SECRET,),
        stripe_api_base=NOWHERE,
    )


@pytest.fixture
def post() -> Post:
    """The way from the sandbox to the app's webhook."""
    return Post()


@pytest.fixture
def sandbox(clock: FixedClock, post: Post, contract_report: Report) -> Iterator[WiredSandbox]:
    """A small Stripe in this process, at the time of ``clock``; all its traffic is checked."""
    made = create_sandbox(
        ":memory:", sender=checked_sender(post.deliver, contract_report), public_url=NOWHERE
    )
    clock.lead(made)
    made.add_endpoint(WEBHOOK, WEBHOOK_SECRET, list(SUBSCRIBED))
    yield made
    made.close()


@pytest.fixture(scope="session")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apps]:
    """Makes applications; tests mostly want ``app`` or ``client``."""
    own = tmp_path_factory.getbasetemp()
    of_all = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    templates = of_all / "templates"  # what one worker compiled, the others take
    templates.mkdir(exist_ok=True)
    made = Apps(templates)
    yield made
    made.close()


@pytest.fixture
def app(
    apps: Apps,
    settings: Settings,
    clock: FixedClock,
    sandbox: WiredSandbox,
    post: Post,
    contract_report: Report,
) -> Iterator[Flask]:
    """The whole application on a fresh database, with the sandbox for Stripe."""
    stripe = WsgiClient(checked(sandbox.wsgi, contract_report))
    gateways = {
        "gateway": Gateway(settings, http_client=stripe, patience="web"),
        "patient_gateway": Gateway(settings, http_client=stripe, patience="worker"),
    }
    with apps.app(settings, clock, gateways) as made:
        post.app = made
        yield made


@pytest.fixture
def client(app: Flask) -> Reader:
    """Somebody with a browser that runs no script."""
    reader = app.test_client()
    assert isinstance(reader, Reader)
    return reader


@pytest.fixture
def settle(app: Flask, sandbox: WiredSandbox) -> Callable[[], None]:
    """Call it to let webhooks arrive and the worker work until all is quiet."""
    work = work_of(app.extensions["house"])
    return lambda: rehearsing.settle(work, sandbox)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A real browser; skips with the reason where there is none."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(os.environ.get("CHROMIUM_MISSING", "no Chromium on PATH"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=BROWSER_ARGUMENTS)
        yield browser
        browser.close()
