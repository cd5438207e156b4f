"""axe on pages: its script given to the browser once, and only what it finds brought back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axe_playwright_python.base import AXE_SCRIPT, AxeResults

if TYPE_CHECKING:
    from playwright.sync_api import Page

# All that it passed is twice as long to carry as the whole look is to take. The one frame of ours
# shows a mail and runs no script: axe would knock there and wait for an answer. It would also ask
# for each style sheet again, for rules that are still an experiment.
LOOKING = """axe.run({resultTypes: ['violations'], iframes: false, preload: false})
    .then(({violations}) => ({violations}))"""


def bring(page: Page) -> None:
    """Have axe on whatever this page opens from here on."""
    page.add_init_script(AXE_SCRIPT)


def violations(page: Page) -> str:
    """What axe has against the page, for people; empty where it finds nothing."""
    found = AxeResults(page.evaluate(LOOKING))
    return str(found.generate_report()) if found.violations_count else ""
