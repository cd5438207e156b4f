"""How traffic is watched: the layer around the app, the report, and the tests that fail by it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from tests.contract.middleware import checked
from tests.contract.report import Report, summary

ROOT = Path(__file__).parents[2]
# A pytest of its own that loads only what is named.
ALONE = os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
CUSTOMER_DELETED = {"id": "cus_1", "object": "customer", "deleted": True}


def serving(body: Any, *, status: int = 200, kind: str = "application/json") -> Any:
    @Request.application
    def app(request: Request) -> Response:
        text = body if isinstance(body, str) else json.dumps(body)
        return Response(text, status, content_type=kind)

    return app


def watched(app: Any) -> tuple[Client, Report]:
    report = Report()
    return Client(checked(app, report)), report


def found(report: Report) -> list[str]:
    return [str(finding) for finding in report.findings]


def test_a_right_request_and_answer_are_counted_and_pass_through_unchanged() -> None:
    client, report = watched(serving(CUSTOMER_DELETED))

    answer = client.delete("/v1/customers/cus_1")

    assert (answer.status_code, answer.get_json()) == (200, CUSTOMER_DELETED)
    assert report.counts() == {"requests": 1, "objects": 1, "events": 0, "findings": 0}


def test_the_app_can_still_read_the_form_that_was_checked() -> None:
    @Request.application
    def app(request: Request) -> Response:
        return Response(json.dumps({**CUSTOMER_DELETED, "id": request.form["name"]}))

    client, report = watched(app)

    answer = client.post("/v1/customers/cus_1", data={"name": "Olena"})

    assert json.loads(answer.data)["id"] == "Olena"
    assert report.counts()["requests"] == 1


def test_wrong_names_in_a_query_and_in_a_form_are_found() -> None:
    client, report = watched(serving(CUSTOMER_DELETED))

    client.get("/v1/customers/cus_1?expand[]=tax&fields[]=id")
    client.post("/v1/customers/cus_1", data={"fullname": "Olena"})

    assert found(report) == [
        "request GET /v1/customers/cus_1 fields: unknown parameter",
        "request POST /v1/customers/cus_1 fullname: unknown parameter",
    ]


def test_a_form_that_contradicts_itself_is_a_finding() -> None:
    client, report = watched(serving(CUSTOMER_DELETED))

    client.post("/v1/customers/cus_1", data={"metadata": "x", "metadata[a]": "y"})

    assert len(report.findings) == 1


def test_a_wrong_answer_is_found() -> None:
    client, report = watched(serving({**CUSTOMER_DELETED, "nickname": "x"}))

    client.get("/v1/customers/cus_1")

    assert found(report) == [
        "object GET /v1/customers/cus_1 -> 200 customer.nickname: unknown field"
    ]


@pytest.mark.parametrize(
    ("text", "kind"), [("<h1>Hello</h1>", "text/html"), ('{"id": "cus', "application/json")]
)
def test_an_answer_that_is_no_json_is_found(text: str, kind: str) -> None:
    client, report = watched(serving(text, kind=kind))

    client.get("/v1/customers/cus_1")

    assert found(report) == ["object GET /v1/customers/cus_1 -> 200: the answer is no JSON"]


def test_an_answer_that_was_spoiled_on_purpose_is_let_through() -> None:
    @Request.application
    def app(request: Request) -> Response:
        request.environ["sandbox.fault"] = "half_json"
        return Response('{"id": "cus', content_type="application/json")

    client, report = watched(app)

    assert client.get("/v1/customers/cus_1?wrong=1").data == b'{"id": "cus'
    assert found(report) == ["request GET /v1/customers/cus_1 wrong: unknown parameter"]


def test_pages_beside_the_api_are_left_alone() -> None:
    client, report = watched(serving("<h1>Checkout</h1>", kind="text/html"))

    assert client.get("/sandbox/").status_code == 200
    assert report.counts()["requests"] == 0


def test_an_app_that_breaks_breaks_through() -> None:
    def app(environ: Any, start_response: Callable[..., Any]) -> Iterable[bytes]:
        raise ConnectionError("cut")

    client, _ = watched(app)

    with pytest.raises(ConnectionError):
        client.get("/v1/customers/cus_1")


def test_delivered_events_are_counted_and_checked() -> None:
    report = Report()

    report.saw_event(b'{"object": "event", "type": "refund.created"}')
    report.saw_event(b"no json")

    assert report.counts()["events"] == 1
    assert "event refund.created.data: missing field" in found(report)
    assert found(report)[-1] == "event webhook: no JSON: b'no json'"


def test_wrong_requests_that_are_meant_are_counted_but_no_finding() -> None:
    client, report = watched(serving(CUSTOMER_DELETED))

    with report.wrong_requests_meant():
        client.get("/v1/customers/cus_1?wrong=1")
    client.get("/v1/customers/cus_1?wrong=2")

    assert report.counts()["requests"] == 2
    assert len(report.findings) == 1


def test_the_summary_says_how_much_was_checked() -> None:
    counts = {"requests": 12, "objects": 34, "events": 5, "findings": 0}

    assert summary(counts) == "contract: 12 requests, 34 objects, 5 events checked, 0 findings"


SUITE = """
import json
import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Response
from tests.contract.middleware import checked

def call(report, path):
    app = Response(json.dumps({"id": "cus_1", "object": "customer", "deleted": True}),
                   content_type="application/json")
    Client(checked(app, report)).get(path)

def test_right(contract_report):
    call(contract_report, "/v1/customers/cus_1")

def test_wrong(contract_report):
    call(contract_report, "/v1/customers/cus_1?wrong=1")

@pytest.mark.sends_wrong_requests
def test_wrong_on_purpose(contract_report):
    call(contract_report, "/v1/customers/cus_1?wrong=1")

def test_wrong_and_failing(contract_report):
    call(contract_report, "/v1/customers/cus_1?twice=1")
    assert 1 == 2

def test_nothing():
    pass
"""


def run(tmp_path: Path, *arguments: str) -> tuple[int, str]:
    """Run a suite of its own in another process, with only our plugin."""
    (tmp_path / "test_suite.py").write_text(SUITE)
    command = [
        *(sys.executable, "-m", "pytest", "-p", "tests.contract.plugin", "-c", "/dev/null"),
        *(f"--rootdir={tmp_path}", "-p", "no:cacheprovider"),
        *(str(tmp_path / "test_suite.py"), *arguments),
    ]
    done = subprocess.run(command, cwd=ROOT, env=ALONE, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_finding_fails_the_test_in_which_it_was_made_and_no_other(tmp_path: Path) -> None:
    code, output = run(tmp_path, "-v")

    assert code == 1
    assert "test_right PASSED" in output
    assert "test_wrong FAILED" in output
    assert "wrong: unknown parameter" in output
    assert "test_wrong_on_purpose PASSED" in output
    assert "twice: unknown parameter" in output
    assert "contract: 4 requests, 4 objects, 0 events checked, 2 findings" in output


def test_the_workers_of_a_parallel_run_are_added_up(tmp_path: Path) -> None:
    code, output = run(tmp_path, "-p", "xdist", "-n", "2")

    assert code == 1
    assert "contract: 4 requests, 4 objects, 0 events checked, 2 findings" in output


def test_a_run_in_which_nothing_was_checked_passes_only_where_it_need_not(tmp_path: Path) -> None:
    partial = run(tmp_path, "-k", "test_nothing")
    whole = run(tmp_path, "-k", "test_nothing", "--contract-required")

    assert (partial[0], whole[0]) == (0, 1)
    assert "nothing was checked" in whole[1]


def test_a_run_of_the_whole_suite_has_to_check_something_without_being_asked(
    tmp_path: Path,
) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\ntestpaths = .\n")
    (tmp_path / "test_suite.py").write_text("def test_nothing():\n    pass\n")
    command = [sys.executable, "-m", "pytest", "-p", "tests.contract.plugin"]

    def ends(*arguments: str) -> int:
        return subprocess.run(
            [*command, *arguments], cwd=tmp_path, env=ALONE, capture_output=True, check=False
        ).returncode

    assert (ends(), ends("test_suite.py"), ends("-k", "nothing")) == (1, 0, 0)
