"""The contract: what may be asked of Stripe's API, and what it answers and sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from stripe._error_object import ErrorObject

from tests.contract.checking_events import check_event, is_event
from tests.contract.checking_objects import Path, Walk
from tests.contract.checking_requests import as_list, expand_faults, request_faults
from tests.contract.reading_routes import is_undeclared, route_for
from tests.contract.shapes import Finding, Record

ERROR = Record(ErrorObject.__module__, ErrorObject.__qualname__)


@dataclass(frozen=True)
class Checked:
    """What one check found, and how many objects it looked at."""

    findings: list[Finding]
    objects: int


class Contract:
    """Answers, for each request and each object, where it breaks the official SDK's types.

    Types are read from the installed SDK when they are first needed and kept for the process:
    nothing is read at import, and the whole contract takes about two seconds.
    """

    def check_request(
        self, method: str, path: str, params: Mapping[str, Any] | None = None
    ) -> list[Finding]:
        """Findings for one request; ``params`` nested, values native or as a form has them."""
        where = f"{method.upper()} {path}"
        route = route_for(method, path)
        if route is None:
            known = is_undeclared(path)
            return [] if known else [Finding("request", where, "the SDK has no such route")]
        sent = dict(params or {})
        if route.params is None:
            faults = [(name, "unknown parameter") for name in sent]
        else:
            faults = list(request_faults(sent, route.params, ""))
        faults += expand_faults(as_list(sent.get("expand")) or [], route.answer)
        return [Finding("request", f"{where} {name}", problem) for name, problem in faults]

    def check_object(self, obj: Any, where: str = "") -> list[Finding]:
        """Findings for an object, list, event or error, recursively by its ``object`` value."""
        walk = Walk()
        path = (None, where or _name(obj))
        if isinstance(obj, dict) and "error" in obj and "object" not in obj:
            _check_error(walk, obj, path)
        elif is_event(obj):
            check_event(walk, obj, path)
        else:
            walk.check_named(obj, path)
        return _checked(walk, "event" if is_event(obj) else "object").findings

    def check_answer(self, method: str, path: str, status: int, body: Any) -> Checked:
        """Check the JSON answer to a request against the type that its route promises."""
        walk = Walk()
        route = route_for(method, path)
        place = (None, f"{method.upper()} {path} -> {status} {_name(body)}")
        if status >= 400:
            _check_error(walk, body, place)
        elif route is not None and route.answer is not None:
            walk.check(body, route.answer, place)
            _check_events_within(walk, body, place)
        elif not is_undeclared(path):
            walk.check_named(body, place)
        return _checked(walk, "object")

    def check_event(self, event: Any) -> Checked:
        """Check an event as it is delivered, with the object that it carries."""
        walk = Walk()
        name = event.get("type") if isinstance(event, dict) else _name(event)
        check_event(walk, event, (None, str(name)))
        return _checked(walk, "event")


def _check_error(walk: Walk, body: Any, path: Path) -> None:
    walk.objects += 1
    if not isinstance(body, dict) or set(body) != {"error"}:
        walk.fault(path, "expected a body with an error in it and nothing else")
    else:
        walk.check(body["error"], ERROR, (path, "error"))


def _check_events_within(walk: Walk, body: Any, path: Path) -> None:
    """Events that were retrieved or listed; their envelopes are checked already."""
    if is_event(body):
        check_event(walk, body, path)
    elif isinstance(body, dict) and isinstance(body.get("data"), list):
        for index, item in enumerate(body["data"]):
            if is_event(item):
                check_event(walk, item, ((path, "data"), f"[{index}]"))


def _checked(walk: Walk, kind: Literal["object", "event"]) -> Checked:
    faults = dict.fromkeys(walk.faults)
    return Checked([Finding(kind, where, problem) for where, problem in faults], walk.objects)


def _name(obj: Any) -> str:
    return str(obj.get("object", "object")) if isinstance(obj, dict) else type(obj).__name__
