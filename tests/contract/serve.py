"""``python -m tests.contract.serve``: the sandbox for ``./dev run``, with its traffic checked.

Takes the options of ``python -m app.sandbox``. Findings go to stderr as they are made and stand,
with the counts, on ``/sandbox/contract`` as JSON.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from app.sandbox import create_sandbox, serve
from app.sandbox.sending import send
from tests.contract.middleware import checked, checked_sender
from tests.contract.report import Report, summary
from tests.contract.shapes import Finding

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

ADDRESS = "/sandbox/contract"


class SpokenReport(Report):
    """A report that says each finding as it is made, and keeps the same one only once."""

    def keep(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            if finding not in self.findings:
                self.findings.append(finding)
                print(f"contract: {finding}", file=sys.stderr, flush=True)


def with_report(app: WSGIApplication, report: Report) -> WSGIApplication:
    """The same app with one more page: what was checked and found so far, as JSON."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != ADDRESS:
            return app(environ, start_response)
        body = json.dumps(
            report.counts() | {"found": [str(finding) for finding in report.findings]}
        ).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response("200 OK", headers)
        return [body]

    return answer


def main() -> int:
    """Serve until interrupted; returns 0, or 1 where it cannot serve there."""
    parser = argparse.ArgumentParser(prog="python -m tests.contract.serve", description=__doc__)
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--path", default="var/sandbox.db")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--public-url", default="")
    given = parser.parse_args()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    report = SpokenReport()
    sandbox = create_sandbox(
        given.path,
        seed=given.seed,
        sender=checked_sender(send, report),
        public_url=given.public_url or f"http://127.0.0.1:{given.port}",
    )
    app = with_report(checked(sandbox.wsgi, report), report)
    try:
        server = serve(sandbox, host=given.host, port=given.port, app=app)
    except (OSError, ValueError) as error:
        print(f"The sandbox cannot serve on {given.host}:{given.port}: {error}", file=sys.stderr)
        return 1
    print(f"Stripe sandbox on {server.url}, its traffic checked", flush=True)
    stopped.wait()
    server.stop()
    sandbox.close()
    print(summary(report.counts()), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
