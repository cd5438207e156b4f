"""A newsroom's till: the gateway on the sandbox, and people who buy at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.payments.gateway import Gateway
from tests.contract.middleware import checked
from tests.payments.till import Till
from tests.sandbox.inprocess import WsgiClient

if TYPE_CHECKING:
    from app.core.db import Database
    from app.core.settings import Settings
    from app.sandbox import WiredSandbox
    from tests.clocks import FixedClock
    from tests.contract.report import Report


@pytest.fixture
def gateway(settings: Settings, sandbox: WiredSandbox, contract_report: Report) -> Gateway:
    """The way to Stripe, with everything that goes over it checked."""
    return Gateway(settings, http_client=WsgiClient(checked(sandbox.wsgi, contract_report)))


@pytest.fixture
def till(sandbox: WiredSandbox, gateway: Gateway, clock: FixedClock, db: Database) -> Till:
    """Sells at the sandbox; its events are fetched, or delivered where there is an app."""
    return Till(sandbox, gateway, clock, db)
