"""``./dev shots [PAGE…]``: a picture of every page, at both widths, languages, schemes.

They go to var/shots as page-width-language-scheme.png. The README's are not among them: they are
taken by hand of ``./dev run``, whose newsroom has fourteen months behind it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.conftest import BROWSER_ARGUMENTS, BROWSERS
from tests.contract.report import Report
from tests.databases import Databases
from tests.journeys import scenario
from tests.journeys.pages import COMBINATIONS, Stop, stops
from tests.journeys.scenario import Newsroom
from tests.journeys.site import running
from tests.journeys.visitor import Visitor, visiting
from tests.journeys.walker import signed_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[1]
SHOTS = ROOT / "var" / "shots"


def main() -> int:
    """Take the pictures; 1 where a page does not answer as it should."""
    parser = argparse.ArgumentParser(prog="./dev shots", description=__doc__)
    parser.add_argument("pages", nargs="*", help="names of pages; all where none is named")
    wanted = parser.parse_args()
    with _newsroom() as newsroom, _browser() as chromium:
        found = [stop for stop in stops(newsroom) if not wanted.pages or stop.name in wanted.pages]
        if unknown := set(wanted.pages) - {stop.name for stop in found}:
            print(f"There is no page named {', '.join(sorted(unknown))}.", file=sys.stderr)
            return 1
        return _all(chromium, newsroom, found)


def _all(chromium: Browser, newsroom: Newsroom, found: list[Stop]) -> int:
    SHOTS.mkdir(parents=True, exist_ok=True)
    cookies, missed = signed_in(newsroom.site), 0
    for language, scheme, width in COMBINATIONS:
        for stop in found:
            path = SHOTS / f"{stop.name}-{width}-{language}-{scheme}.png"
            with visiting(
                chromium, newsroom.site, language=language, scheme=scheme, width=width
            ) as visitor:
                visitor.keep(language=language, session=cookies.get(stop.who))
                missed += not _take(visitor, stop, path)
        print(f"{language}, {scheme}, {width} px: {len(found)} pages", flush=True)
    print(f"Pictures in {SHOTS.relative_to(ROOT)}")
    return 1 if missed else 0


def _take(visitor: Visitor, stop: Stop, path: Path) -> bool:
    """Whether the page answered as it should."""
    status = visitor.open(stop.path)
    if stop.act is not None:
        stop.act(visitor)
    visitor.page.evaluate("document.fonts.ready")
    visitor.page.screenshot(path=path, full_page=True)
    if status != stop.status:
        print(f"{stop.name} answered {status}, not {stop.status}", file=sys.stderr)
    return status == stop.status


@contextmanager
def _newsroom() -> Iterator[Newsroom]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(Databases(folder, stack).migrated("sqlite"))
        site = stack.enter_context(running(url, Report()))
        yield scenario.with_a_past(site)


@contextmanager
def _browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise SystemExit(os.environ.get("CHROMIUM_MISSING", "There is no Chromium on PATH."))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=BROWSER_ARGUMENTS)
        yield browser
        browser.close()


if __name__ == "__main__":
    raise SystemExit(main())
