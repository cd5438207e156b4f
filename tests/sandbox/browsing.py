"""The sandbox on a port of its own, and a phone without JavaScript that looks at its pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.sandbox import serve
from tests.contract.middleware import checked
from tests.sandbox.shopping import Shop

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from werkzeug.test import Client

    from app.sandbox import WiredSandbox
    from tests.contract.report import Report


@dataclass
class Site:
    """The sandbox on a loopback port, with a shop whose thanks stand on another origin."""

    url: str
    shop: Shop

    @property
    def thanks(self) -> str:
        return self.url.replace("127.0.0.1", "localhost") + "/thanks?paid={CHECKOUT_SESSION_ID}"

    def checkout(self, **given: Any) -> tuple[str, str]:
        """The id and the address of an open session's page."""
        session = self.shop.session(success_url=self.thanks, **given)
        return session.id, f"{self.url}/sandbox/checkout/{session.id}"

    def after(self, session_id: str) -> str:
        return self.thanks.replace("{CHECKOUT_SESSION_ID}", session_id)

    def session(self, session_id: str) -> Any:
        return self.shop.client.v1.checkout.sessions.retrieve(session_id)


@contextmanager
def served(sandbox: WiredSandbox, shop: Shop, report: Report) -> Iterator[Site]:
    """The sandbox, served and watched until the test is over."""
    server = serve(sandbox, app=checked(sandbox.wsgi, report))
    try:
        yield Site(server.url, shop)
    finally:
        server.stop()


@contextmanager
def phone(chromium: Browser) -> Iterator[Page]:
    """A phone without JavaScript."""
    context = chromium.new_context(
        java_script_enabled=False, viewport={"width": 360, "height": 740}, locale="en-GB"
    )
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def press(page: Page, label: str) -> None:
    """Press the first button whose label contains this."""
    page.get_by_role("button", name=label).first.click()


def token_on(browser: Client, address: str) -> str:
    """The token of the forms on a page."""
    found = re.search(r'name="token" value="([^"]+)"', browser.get(address).text)
    assert found is not None
    return found[1]
