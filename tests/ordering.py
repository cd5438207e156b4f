"""Long tests begin a parallel run, so that no worker waits at the end for another's last one.

xdist's worksteal gives each worker a piece of the list in its order, and who is done takes from
the tails of the others. So one piece begins with the tests of a browser, which share what a
process makes once for them, the next with those that are marked ``slow``, in random order each.
"""

from __future__ import annotations

import os

import pytest

MADE_ONCE = {"chromium", "newsroom"}  # fixtures


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the list for as many workers as there are."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers > 1:
        items[:] = ordered(items, workers)


def ordered(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """The same items; the first and the second of ``workers`` equal pieces begin with long ones."""
    browsing = [item for item in items if MADE_ONCE & _needs(item)]
    browsing.sort(key=lambda item: "newsroom" not in _needs(item))
    slow = [item for item in items if item.get_closest_marker("slow") and item not in browsing]
    short = [item for item in items if item not in browsing and item not in slow]
    rest = max(0, len(items) // workers - len(browsing))
    return browsing + short[:rest] + slow + short[rest:]


def _needs(item: pytest.Item) -> set[str]:
    return set(getattr(item, "fixturenames", ()))
