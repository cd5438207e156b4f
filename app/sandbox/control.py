"""/sandbox/control/…: what tests, the demo and the sandbox's pages tell it, as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable

from werkzeug.wrappers import Request, Response

from app.sandbox.errors import Json, RequestFailed
from app.sandbox.sandbox import Sandbox

PREFIX = "/sandbox/control/"
HEADER = "X-Sandbox-Control"


def answer(sandbox: Sandbox, request: Request) -> Response:
    """Do what is asked; the header keeps pages of other sites out, which cannot send it."""
    try:
        if request.headers.get(HEADER) != "1":
            raise RequestFailed(f"The header {HEADER}: 1 is missing.", status=403)
        name = request.path.removeprefix(PREFIX).strip("/")
        handlers = {"GET": READS, "POST": WRITES}.get(request.method, {})
        if name not in handlers:
            raise RequestFailed(f"No such control: {request.method} {name}", status=404)
        given = _body(request) if request.method == "POST" else dict(request.args)
        result = handlers[name](sandbox, given)
    except RequestFailed as failed:
        return _json(failed.body(), failed.status)
    except (TypeError, KeyError, ValueError) as error:
        return _json(RequestFailed(f"The request is not understood: {error}").body(), 400)
    return _json(result, 200)


def move_clock(sandbox: Sandbox, given: Json) -> Json:
    """Advance, freeze or resume."""
    if "advance" in given:
        return sandbox.advance(seconds=int(given["advance"]))
    if "to" in given:
        return sandbox.advance(to=int(given["to"]))
    if "freeze" in given:
        return sandbox.freeze(int(given["freeze"]))
    if given.get("resume"):
        return sandbox.resume()
    raise RequestFailed("The clock takes advance, to, freeze or resume.")


def set_fault(sandbox: Sandbox, given: Json) -> Json:
    """One fault for the next requests, or none from now on."""
    return sandbox.clear_faults() if given.get("clear") else sandbox.fault(**given)


def _counts(sandbox: Sandbox, given: Json) -> Json:
    return sandbox.counts(reset=given.get("reset") in (True, "1", "true"))


READS: dict[str, Callable[[Sandbox, Json], Json]] = {
    "clock": lambda sandbox, given: sandbox.clock(),
    "deliveries": lambda sandbox, given: sandbox.deliveries(int(given.get("limit", 200))),
    "counts": _counts,
    "books": lambda sandbox, given: sandbox.books(),
    "knobs": lambda sandbox, given: sandbox.knobs(),
}
WRITES: dict[str, Callable[[Sandbox, Json], Json]] = {
    "clock": move_clock,
    "reset": lambda sandbox, given: sandbox.reset(),
    "endpoints": lambda sandbox, given: sandbox.add_endpoint(**given),
    "pay": lambda sandbox, given: sandbox.pay(**given),
    "challenge": lambda sandbox, given: sandbox.confirm_challenge(
        given["session"], bool(given["passed"])
    ),
    "method": lambda sandbox, given: sandbox.replace_method(**given),
    "behave": lambda sandbox, given: sandbox.behave(given["target"], given["outcome"]),
    "refund": lambda sandbox, given: sandbox.refund(given["charge"], given.get("amount")),
    "knobs": lambda sandbox, given: sandbox.knobs(**given),
    "deliver": lambda sandbox, given: sandbox.deliver(**given),
    "resend": lambda sandbox, given: sandbox.resend(given["event"]),
    "counts": _counts,
    "faults": set_fault,
}


def _body(request: Request) -> Json:
    raw = request.get_data()
    if not raw:
        return {}
    given = json.loads(raw)
    if not isinstance(given, dict):
        raise RequestFailed("The body must be a JSON object.")
    return given


def _json(value: Json, status: int) -> Response:
    return Response(json.dumps(value), status, mimetype="application/json")
