"""The official SDK talking to a WSGI app in this process, without a socket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import stripe
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

ADDRESS = "http://localhost:8001"
KEY = "sk_test_patron_desk"
# Seconds before the SDK asks again: what is asked in this process gets no better by waiting, but
# where somebody else asks it at this moment.
stripe.HTTPClient.INITIAL_DELAY = 0.001  # and twice that the next time


class WsgiClient(stripe.HTTPClient):
    """Takes the place of the network: a request of the SDK becomes a call of the app."""

    name = "wsgi"

    def __init__(self, app: WSGIApplication) -> None:
        super().__init__()
        self.app = app

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        **_: Any,
    ) -> tuple[str, int, Mapping[str, str]]:
        """The answer of the app; a cut connection is the SDK's own error for it."""
        parts = urlsplit(url)
        builder = EnvironBuilder(
            path=parts.path,
            query_string=parts.query,
            method=method.upper(),
            headers=Headers(dict(headers or {})),
            data=post_data.encode() if isinstance(post_data, str) else post_data,
            base_url=f"{parts.scheme}://{parts.netloc}/",
        )
        try:
            body, status, answered = run_wsgi_app(self.app, builder.get_environ())
            text = b"".join(body).decode()
        except ConnectionError as error:
            raise stripe.APIConnectionError(  # type: ignore[no-untyped-call]
                str(error), should_retry=True
            ) from error
        # Werkzeug's headers are no Mapping by name, but look up in any case, as the SDK needs it.
        return text, int(status.split()[0]), cast("Mapping[str, str]", answered)

    def close(self) -> None:
        """There is nothing to close."""


def stripe_client(app: WSGIApplication, *, key: str = KEY, **options: Any) -> stripe.StripeClient:
    """A client of the SDK whose requests all go to the app."""
    stripe.enable_telemetry = False
    return stripe.StripeClient(
        key, http_client=WsgiClient(app), base_addresses={"api": ADDRESS}, **options
    )
