"""The sandbox as a WSGI app, and as a server on this machine only."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import uuid4

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from app.sandbox import control, pages
from app.sandbox.api.answering import Api
from app.sandbox.errors import ConnectionCut
from app.sandbox.sandbox import Sandbox
from app.sandbox.sending import is_loopback

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger("sandbox")
BEAT = 0.25  # seconds between looks at the clock while nothing happens


class WebApp:
    """The sandbox behind its addresses: /v1/…, /sandbox/control/… and the pages."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._api = Api(
            lambda cause: sandbox.act(cause),
            lambda: f"req_{uuid4().hex[:14]}",
            sandbox.count,
            sandbox.faults,
            sandbox.account.api_version,
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        try:
            response = self.answer(request)
        except ConnectionCut:
            _hang_up(environ)
            raise
        return response(environ, start_response)

    def answer(self, request: Request) -> Response:
        """The response; a name that is not this machine's is refused, whoever resolves it here."""
        host = request.host.rpartition(":")[0] if ":" in request.host else request.host
        if not is_loopback(host.strip("[]")):
            return Response("The sandbox answers this machine only.", 421)
        if request.path.startswith("/v1/"):
            return self._api.answer(request)
        if request.path.startswith(control.PREFIX):
            return control.answer(self.sandbox, request)
        return pages.answer(self.sandbox, request)


def _hang_up(environ: WSGIEnvironment) -> None:
    """Close the connection at once; the server itself would wait for another request on it."""
    connection = environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)


class _Handler(WSGIRequestHandler):
    """Says nothing about requests that went well."""

    def log_request(self, *said: object, **more: object) -> None:
        log.debug("%s %s %s", self.requestline, said, more)


class Server:
    """Serves a sandbox on a loopback port, moves its clock and delivers, until it is stopped."""

    def __init__(
        self,
        sandbox: Sandbox,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        app: WSGIApplication | None = None,
    ) -> None:
        if not is_loopback(host):
            raise ValueError(f"The sandbox binds to this machine only, not to {host}.")
        self.sandbox = sandbox
        self._stop = threading.Event()
        # Werkzeug would end the whole process where the port is taken; this raises OSError.
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.create_server((host, port), family=family) as bound:
            self.port: int = bound.getsockname()[1]
            self._server: BaseWSGIServer = make_server(
                host,
                self.port,
                app or WebApp(sandbox),
                threaded=True,
                request_handler=_Handler,
                fd=bound.fileno(),
            )
        self._threads = [
            threading.Thread(target=self._server.serve_forever, name="sandbox-http"),
            threading.Thread(target=self._work, name="sandbox-work"),
        ]

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serve and work in the background."""
        for thread in self._threads:
            thread.daemon = True
            thread.start()

    def stop(self) -> None:
        """End serving and working; the sandbox stays open."""
        self._stop.set()
        self.sandbox.wake.set()
        self._server.shutdown()
        for thread in self._threads:
            thread.join(timeout=10)
        self._server.server_close()

    def _work(self) -> None:
        while not self._stop.is_set():
            self.sandbox.wake.wait(BEAT)
            self.sandbox.wake.clear()
            if self._stop.is_set():
                return
            if not self.sandbox.is_seen:
                continue
            try:
                self.sandbox.deliver(workers=2)
            except Exception:
                log.exception("The sandbox could not do what came due; it tries again.")
                self._stop.wait(5)
