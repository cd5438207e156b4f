"""What journeys start from: a newsroom on loopback ports, and browsers that visit it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.journeys import scenario
from tests.journeys.scenario import Newsroom
from tests.journeys.site import Site, running
from tests.journeys.visitor import Visitor, visiting
from tests.journeys.walker import signed_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.contract.report import Report
    from tests.databases import Databases

Visit = Callable[..., Visitor]
NAMES = {True: "script", False: "no-script"}


def in_full_also(value: bool) -> pytest.MarkDecorator:
    """Run a journey with and without a script in the long form; in the short one not with this."""
    ways = [
        pytest.param(way, id=NAMES[way], marks=[pytest.mark.long] if way is value else [])
        for way in NAMES
    ]
    return pytest.mark.parametrize("script", ways, indirect=True)


# For journeys whose pages have no script of ours that matters.
mostly_with_script, mostly_without_script = in_full_also(False), in_full_also(True)


@pytest.fixture(params=[True, False], ids=list(NAMES.values()))
def script(request: pytest.FixtureRequest) -> bool:
    """Whether the browser runs JavaScript; who asks for it is run with and without."""
    return bool(request.param)


@pytest.fixture(scope="package")
def newsroom(databases: Databases, contract_report: Report) -> Iterator[Newsroom]:
    """The newsroom of all journeys that do not move the clock; it has a past.

    It ends with this folder's tests: its worker and servers look for work all the time.
    """
    with databases.migrated("sqlite") as url, running(url, contract_report) as site:
        yield scenario.with_a_past(site)


@pytest.fixture
def site(newsroom: Newsroom) -> Site:
    """Where that newsroom is."""
    return newsroom.site


@pytest.fixture
def own_site(databases: Databases, contract_report: Report) -> Iterator[Site]:
    """A site of the test's own, with nobody in it yet, whose clock may be moved."""
    with databases.migrated("sqlite") as url, running(url, contract_report) as made:
        yield made


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Visit]:
    """Opens browsers: ``visit(site, script=…, language=…, width=…, scheme=…)``."""
    with ExitStack() as open_ones:

        def come(where: Site, **how: object) -> Visitor:
            return open_ones.enter_context(visiting(chromium, where, **how))  # type: ignore[arg-type]

        yield come


@pytest.fixture(scope="package")
def cookies(newsroom: Newsroom) -> dict[str, str]:
    """The sessions of those whose pages are looked at, by who they are."""
    return signed_in(newsroom.site)
