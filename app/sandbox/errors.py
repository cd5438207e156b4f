"""What the sandbox answers when a request cannot be done, in Stripe's own form."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

DOCS = "https://stripe.com/docs/error-codes/"


class ConnectionCut(ConnectionError):
    """The connection ends here without an answer; the server and the in-process client obey."""


class RequestFailed(Exception):
    """An answer that is an error: status, type, code, parameter and a message for people.

    ``keep`` says that what was written stays: a declined card leaves its charge behind.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        keep: bool = False,
        more: Json | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.kind = kind
        self.code = code
        self.param = param
        self.keep = keep
        self.more = more or {}

    def body(self) -> Json:
        """The error as Stripe's JSON; keys without a value are left out, as Stripe does."""
        error: Json = {}
        if self.code is not None:
            error["code"] = self.code
            error["doc_url"] = DOCS + self.code.replace("_", "-")
        error |= self.more
        error["message"] = self.message
        if self.param is not None:
            error["param"] = self.param
        error["type"] = self.kind
        return {"error": error}


def missing(kind: str, object_id: str, *, param: str, status: int = 400) -> RequestFailed:
    """No such object: 404 when the address names it, 400 when a parameter does."""
    noun = kind.replace("_", " ").replace("checkout.", "checkout ").replace("invoiceitem", "item")
    return RequestFailed(
        f"No such {noun}: '{object_id}'", status=status, code="resource_missing", param=param
    )


def unauthorized(message: str) -> RequestFailed:
    """The key is absent, malformed or live."""
    return RequestFailed(message, status=401)
