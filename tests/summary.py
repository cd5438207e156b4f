"""The closing lines of a run: tests per engine, browser journeys, and why something was skipped."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.databases import ENGINES

NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Write on each test what it counts as; reports of parallel workers carry it home."""
    for item in items:
        callspec = getattr(item, "callspec", None)
        params = callspec.params if callspec else {}
        if params.get("engine_name") in ENGINES:
            item.user_properties.append(("counts as", NAMES[params["engine_name"]]))
        if item.get_closest_marker("browser"):
            item.user_properties.append(("counts as", "browser journeys"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count what passed."""
    passed = Counter(
        kind
        for report in terminalreporter.stats.get("passed", [])
        for name, kind in report.user_properties
        if name == "counts as"
    )
    parts = [f"{passed[kind]} on {kind}" for kind in NAMES.values()]
    parts.append(f"{passed['browser journeys']} browser journeys")
    terminalreporter.write_line(f"tests passed: {', '.join(parts)}")
