"""Let what the contract check finds fail the test in which it was found, and print the counts.

Fixtures: ``contract_report`` is the process's report, to be given to ``checked``.
Marker: ``sends_wrong_requests`` for tests that send what Stripe must refuse.
A whole run in which nothing was checked fails; ``--contract-required`` asks it of any run.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import pytest

from tests.contract.report import COUNTED, Report, summary
from tests.contract.shapes import Finding

REPORT = Report()
TOLD = pytest.StashKey[int]()
TOTALS = pytest.StashKey[dict[str, int]]()
SHOWN = 20


class ContractBroken(AssertionError):
    """The traffic of a test broke the official SDK's types."""


@pytest.fixture(scope="session")
def contract_report() -> Report:
    """What was checked and found so far in this process."""
    return REPORT


@pytest.fixture(autouse=True)
def _wrong_requests(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.node.get_closest_marker("sends_wrong_requests") is None:
        yield
    else:
        with REPORT.wrong_requests_meant():
            yield


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--contract-required",
        action="store_true",
        help="fail if the contract check had nothing to check",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TOLD] = 0
    config.stash[TOTALS] = dict.fromkeys(COUNTED, 0)
    config.addinivalue_line(
        "markers", "sends_wrong_requests: sends what Stripe must refuse; no finding of the contract"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    return (yield from _failing_on_findings(item.config))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, Any, Any]:
    return (yield from _failing_on_findings(item.config))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands its counts to the controller, which judges the run."""
    config = session.config
    counts = _add(config.stash[TOTALS], REPORT.counts())
    if hasattr(config, "workeroutput"):
        config.workeroutput["contract"] = counts
        return
    config.stash[TOTALS] = counts
    passed = session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    if passed and (counts["findings"] or (_must_check(config) and not _checked_all(counts))):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add up what a worker of a parallel run has checked."""
    if counts := getattr(node, "workeroutput", {}).get("contract"):
        stash = node.config.stash
        stash[TOTALS] = _add(stash[TOTALS], counts)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    counts = config.stash[TOTALS]
    terminalreporter.write_line(summary(counts))
    if _must_check(config) and not _checked_all(counts):
        terminalreporter.write_line("contract: nothing was checked, which fails the run", red=True)
    for finding in REPORT.findings[config.stash[TOLD] :]:
        terminalreporter.write_line(f"contract: outside any test: {finding}", red=True)


def _failing_on_findings(config: pytest.Config) -> Generator[None, Any, Any]:
    try:
        result = yield
    except Exception as error:
        if found := _untold(config):
            error.add_note(_told(found))
        raise
    if found := _untold(config):
        raise ContractBroken(_told(found))
    return result


def _untold(config: pytest.Config) -> list[Finding]:
    found = REPORT.findings[config.stash[TOLD] :]
    config.stash[TOLD] += len(found)
    return found


def _told(found: list[Finding]) -> str:
    lines = [str(finding) for finding in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(f"and {len(found) - SHOWN} more")
    return "\n".join(["the traffic breaks Stripe's contract:", *lines])


def _must_check(config: pytest.Config) -> bool:
    """Whether this is a run of the whole suite, or was asked to be held to the same."""
    if config.getoption("--contract-required"):
        return True
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    picked = config.getoption("keyword") or config.getoption("markexpr")
    return whole and not picked and not config.getoption("collectonly")


def _checked_all(counts: dict[str, int]) -> bool:
    return bool(counts["requests"] and counts["objects"] and counts["events"])


def _add(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {name: one[name] + other[name] for name in COUNTED}
