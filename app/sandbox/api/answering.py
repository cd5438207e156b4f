"""From a request under /v1 to its answer: key, version, parameters, idempotency, errors."""

from __future__ import annotations

import base64
import binascii
import json
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import sha256

from werkzeug.wrappers import Request, Response

from app.sandbox import faults, params, versions
from app.sandbox.acting import Act, Cause
from app.sandbox.api import (  # fmt: skip
    catalog,
    checkout,
    customers,
    endpoints,
    events,
    expanding,
    invoices,
    methods,
    payments,
    routing,
    subscriptions,
)
from app.sandbox.apiversions import is_version
from app.sandbox.errors import ConnectionCut, Json, RequestFailed, unauthorized

ROUTES: list[routing.Route] = [
    *customers.ROUTES, *catalog.ROUTES, *methods.ROUTES, *checkout.ROUTES, *subscriptions.ROUTES,
    *invoices.ROUTES, *payments.ROUTES, *events.ROUTES, *endpoints.ROUTES,
]  # fmt: skip
LONGEST_KEY = 255
LARGEST_BODY = 1_000_000
Opener = Callable[[Cause], AbstractContextManager[Act]]


@dataclass(frozen=True)
class Answer:
    """Status and JSON text; ``replayed`` names the request whose answer this is."""

    status: int
    body: str
    replayed: str | None = None


@dataclass(frozen=True)
class Question:
    """A request that is understood: the route, the ids, the parameters, the version."""

    route: routing.Route
    ids: list[str]
    params: Json
    version: str | None
    key: str | None
    asked: str
    request_id: str


class Api:
    """Answers requests under /v1 and counts them."""

    def __init__(
        self,
        open_act: Opener,
        new_request_id: Callable[[], str],
        count: Callable[[str, str], None],
        troubles: faults.Faults,
        default_version: str,
    ) -> None:
        self._open = open_act
        self._new_request_id = new_request_id
        self._count = count
        self._faults = troubles
        self._version = default_version
        self._running: set[str] = set()
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Response:
        """The response; raises ConnectionCut where a fault says that none comes."""
        fault = self._faults.take(request.method, request.path)
        if fault is not None:
            # Whoever watches the traffic need not take a spoiled answer for ours.
            request.environ["sandbox.fault"] = fault.kind
        faults.before(fault)
        request_id = self._new_request_id()
        question: Question | None = None
        try:
            failure = faults.canned(fault)
            if failure is not None and fault is not None and fault.kind != "500_stored":
                raise failure
            question = self._understand(request, request_id)
            self._count(question.route.method, question.route.path)
            answer = self._once(question, failure)
        except RequestFailed as failed:
            answer = Answer(failed.status, json.dumps(failed.body()))
        if fault is not None and fault.kind == "cut_after_execution":
            raise ConnectionCut("the sandbox was told to cut the connection after the request")
        spoil = fault.kind if fault is not None else ""
        return _response(answer, request_id, question, self._version, spoil)

    def _understand(self, request: Request, request_id: str) -> Question:
        check_key(request.headers.get("Authorization", ""))
        version = request.headers.get("Stripe-Version")
        if version is not None and not is_version(version):
            raise RequestFailed(f"Invalid Stripe API version: {version}")
        found = routing.find(ROUTES, request.method, request.path)
        if found is None:
            raise RequestFailed(
                f"Unrecognized request URL ({request.method}: {request.path}). Please see "
                "https://stripe.com/docs, or the list of what the sandbox has.",
                status=404,
            )
        route, ids = found
        if (request.content_length or 0) > LARGEST_BODY:
            raise RequestFailed("The request is too large.", status=413)
        body = request.get_data().decode("utf-8", "replace") if request.method == "POST" else ""
        query = request.query_string.decode("ascii", "replace")
        encoded = "&".join(part for part in (query, body) if part)
        given = route.params.read(params.parse(encoded))
        key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
        if key is not None and not 0 < len(key) <= LONGEST_KEY:
            raise RequestFailed(
                f"Idempotency keys have up to {LONGEST_KEY} characters.",
                kind="idempotency_error",
            )
        asked = sha256(f"{request.path}?{sorted(encoded.split('&'))}".encode()).hexdigest()
        return Question(route, ids, given, version, key, asked, request_id)

    def _once(self, question: Question, failure: RequestFailed | None) -> Answer:
        """Execute, or answer again what this key was answered before."""
        if question.key is None:
            return self._execute(question, failure)
        with self._lock:
            if question.key in self._running:
                raise RequestFailed(
                    "There is currently another in-progress request using this Stripe Idempotent "
                    "Key. Please try again later.",
                    status=409, kind="idempotency_error", code="idempotency_key_in_use",
                )  # fmt: skip
            self._running.add(question.key)
        try:
            return self._known(question) or self._execute(question, failure)
        finally:
            with self._lock:
                self._running.discard(question.key)

    def _known(self, question: Question) -> Answer | None:
        with self._open(Cause()) as act:
            row = act.db.execute(
                "SELECT asked, status, body, request FROM answer WHERE key = ?", (question.key,)
            ).fetchone()
        if row is None:
            return None
        if row[0] != question.asked:
            raise RequestFailed(
                "Keys for idempotent requests can only be used with the same parameters they were "
                "first used with. Try using a key other than "
                f"'{question.key}' if you meant to execute a different request.",
                kind="idempotency_error",
            )
        return Answer(row[1], row[2], row[3])

    def _execute(self, question: Question, failure: RequestFailed | None) -> Answer:
        cause = Cause(question.request_id, question.key)
        try:
            with self._open(cause) as act:
                try:
                    if failure is not None:
                        raise failure
                    answer = _handle(act, question)
                except RequestFailed as failed:
                    if not failed.keep:
                        raise
                    answer = Answer(failed.status, json.dumps(failed.body()))
                _remember(act, question, answer)
        except RequestFailed as failed:
            answer = Answer(failed.status, json.dumps(failed.body()))
            with self._open(cause) as act:
                _remember(act, question, answer)
        return answer


def check_key(authorization: str) -> None:
    """Only test keys; raises RequestFailed(401) for what is none, and for live ones."""
    scheme, _, given = authorization.partition(" ")
    given = given.strip()
    if scheme.lower() == "basic":
        try:
            given = base64.b64decode(given, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError) as error:
            raise unauthorized("The Authorization header could not be read.") from error
    elif scheme.lower() != "bearer":
        given = ""
    if not given:
        raise unauthorized(
            "You did not provide an API key. You need to provide your API key in the Authorization "
            "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
        )
    if given.startswith(("sk_live_", "rk_live_", "pk_live_")):
        raise unauthorized(
            "This is the sandbox of a developer's machine: it refuses live keys. Use a key that "
            "begins with sk_test_, and take this live key out of the configuration."
        )
    if not given.startswith(("sk_test_", "rk_test_")) or len(given) > 255:
        raise unauthorized(f"Invalid API Key provided: {given[:8]}***")


def _handle(act: Act, question: Question) -> Answer:
    given = dict(question.params)
    paths = given.pop("expand", [])
    result = question.route.handle(act, given, *question.ids)
    expanding.expand(act, result, paths)
    result = versions.at_version(act, result, question.version)
    return Answer(200, json.dumps(result))


def _remember(act: Act, question: Question, answer: Answer) -> None:
    if question.key is not None:
        act.db.execute(
            "INSERT OR IGNORE INTO answer (key, asked, status, body, request, created)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                question.key, question.asked, answer.status, answer.body, question.request_id,
                act.now,
            ),
        )  # fmt: skip


def _response(
    answer: Answer, request_id: str, question: Question | None, version: str, spoil: str
) -> Response:
    if spoil == "html200":
        return Response("<!doctype html><title>Maintenance</title>", mimetype="text/html")
    body = answer.body[: len(answer.body) // 2] if spoil == "half_json" else answer.body
    response = Response(body, answer.status, mimetype="application/json")
    headers = response.headers
    headers["Request-Id"] = request_id
    headers["Stripe-Version"] = (question.version if question else None) or version
    if question is not None and question.key is not None:
        headers["Idempotency-Key"] = question.key
        headers["Original-Request"] = answer.replayed or request_id
        if answer.replayed is not None:
            headers["Idempotent-Replayed"] = "true"
    if answer.status == 409:
        headers["Stripe-Should-Retry"] = "true"
    elif 400 <= answer.status < 500 and answer.status != 429:
        headers["Stripe-Should-Retry"] = "false"
    return response
