"""Check an event: its envelope, what it is about, and the earlier values that it tells."""

from __future__ import annotations

from typing import Any

from stripe._api_version import _ApiVersion

from tests.contract.checking_objects import Path, Walk
from tests.contract.tolerated import EVENT_OBJECTS, EVENTS_WITHOUT_ID

API_VERSION: str = _ApiVersion.CURRENT


def check_event(walk: Walk, event: Any, path: Path) -> None:
    """Note every fault of an event, whatever its data.

    An event in an older version's shape cannot be held against today's types: of such a one
    only the envelope is checked.
    """
    known = len(walk.faults)
    walk.check_named(event, path)
    if len(walk.faults) > known:
        return
    if event["object"] != "event":
        walk.fault(path, f"expected an event, got {event['object']}")
    elif event["api_version"] == API_VERSION:
        _check_data(walk, event, (path, "data"))


def is_event(value: Any) -> bool:
    """Whether a document says that it is an event."""
    return isinstance(value, dict) and value.get("object") == "event"


def _check_data(walk: Walk, event: dict[str, Any], path: Path) -> None:
    subject = event["data"].get("object")
    place = (path, "object")
    name = subject.get("object") if isinstance(subject, dict) else None
    if not isinstance(name, str):
        walk.fault(place, f"no object that the SDK knows: object is {name!r}")
        return
    if not _is_about(event["type"], name):
        walk.fault(place, f"an event of type {event['type']} is not about a {name}")
    if event["type"] in EVENTS_WITHOUT_ID:
        subject = {"id": "", **subject}
    walk.check_named(subject, place)
    if earlier := event["data"].get("previous_attributes"):
        partial = Walk(partial=True)
        partial.check_named({**earlier, "object": name}, (path, "previous_attributes"))
        walk.faults += partial.faults


def _is_about(event_type: str, object_name: str) -> bool:
    """Whether the type's name says this object: ``charge.dispute.closed`` is about a dispute."""
    for subject, names in EVENT_OBJECTS.items():
        if event_type.startswith(f"{subject}."):
            return object_name in names
    subject = event_type.rpartition(".")[0].replace("_", ".")
    name = object_name.replace("_", ".")
    return subject == name or subject.endswith(f".{name}")
