"""Watch the sandbox: a layer around its WSGI app, and one around what sends its webhooks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any

from tests.contract.decoding import UnreadableForm, decode_form
from tests.contract.report import Report
from tests.contract.shapes import Finding

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

Sender = Callable[[str, dict[str, str], bytes], int]

API = "/v1/"
FORM = "application/x-www-form-urlencoded"
# Where the sandbox says that it was told to spoil this answer.
SPOILED = "sandbox.fault"


def checked(app: WSGIApplication, report: Report) -> WSGIApplication:
    """The same app, with every API request and JSON answer checked on the way."""

    def watched(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not environ.get("PATH_INFO", "").startswith(API):
            return app(environ, start_response)
        _check_request(environ, report)
        answer = _Answer()
        body = answer.read_from(app, environ)
        if not environ.get(SPOILED):
            _check_answer(environ, answer, body, report)
        start_response(answer.status, answer.headers)
        return [body]

    return watched


def checked_sender(send: Sender, report: Report) -> Sender:
    """The same sender of webhooks, with every event checked before it goes out."""

    def watched(url: str, headers: dict[str, str], body: bytes) -> int:
        report.saw_event(body)
        return send(url, headers, body)

    return watched


@dataclass
class _Answer:
    """An answer held back until it was read whole."""

    status: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    written: list[bytes] = field(default_factory=list)

    def read_from(self, app: WSGIApplication, environ: WSGIEnvironment) -> bytes:
        chunks = app(environ, self._start)
        try:
            self.written.extend(chunks)
        finally:
            if close := getattr(chunks, "close", None):
                close()
        return b"".join(self.written)

    def _start(
        self, status: str, headers: list[tuple[str, str]], _exc_info: Any = None
    ) -> Callable[[bytes], object]:
        self.status, self.headers = status, headers
        return self.written.append

    def is_json(self) -> bool:
        return any(
            name.lower() == "content-type" and value.startswith("application/json")
            for name, value in self.headers
        )


def _check_request(environ: WSGIEnvironment, report: Report) -> None:
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = BytesIO(body)
    text = environ.get("QUERY_STRING", "")
    if environ.get("CONTENT_TYPE", FORM).startswith(FORM):
        text = "&".join(filter(None, [text, body.decode("utf-8", "replace")]))
    try:
        params = decode_form(text)
    except UnreadableForm as error:
        report.note([Finding("request", f"{method} {path}", str(error))])
        return
    report.saw_request(method, path, params)


def _check_answer(environ: WSGIEnvironment, answer: _Answer, body: bytes, report: Report) -> None:
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    status = int(answer.status.split()[0])
    try:
        document = json.loads(body) if answer.is_json() else None
    except ValueError:
        document = None
    if document is None:
        report.note([Finding("object", f"{method} {path} -> {status}", "the answer is no JSON")])
    else:
        report.saw_answer(method, path, status, document)
