"""axe on a page: its script read once, and only what it finds brought back from the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axe_playwright_python.base import AXE_SCRIPT, AxeResults

if TYPE_CHECKING:
    from playwright.sync_api import Page

# All that it passed is twice as long to carry as the whole look is to take. The one frame of ours
# shows a mail and runs no script: axe would knock there and wait for an answer.
LOOKING = """axe.run({resultTypes: ['violations'], iframes: false})
    .then(({violations}) => ({violations}))"""


def violations(page: Page) -> str:
    """What axe has against the page, for people; empty where it finds nothing."""
    page.evaluate(AXE_SCRIPT)
    found = AxeResults(page.evaluate(LOOKING))
    return str(found.generate_report()) if found.violations_count else ""
