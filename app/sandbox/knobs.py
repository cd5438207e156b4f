"""How disorderly events are delivered, and how patient the billing is."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from app.sandbox.apiversions import is_version
from app.sandbox.currencies import is_currency
from app.sandbox.errors import Json, RequestFailed

PREFIX = "knob."


@dataclass(frozen=True)
class Knobs:
    """All off at the start.

    ``duplicate``: each event is delivered so often (1 to 5). ``reorder``: events change places
    within so many (True: 100). ``order``: "A" or "B", the recorded orders of a checkout; with
    None it is A. ``delay``: seconds until a delivery is due. ``drop``: the share, 0 to 1, that is
    never sent. ``old_version``: the version that all events are written at (True: 2022-11-15).
    ``same_second``: ``created`` is rounded down to so many seconds (True: 60). ``paused``:
    nothing is sent. ``seed``: decides what is dropped and where an event lands.
    ``upcoming_days``: so many days before a renewal ``invoice.upcoming`` is told (0: never).
    ``retry_days``: days between the tries to collect an invoice. ``after_retries``: "cancel",
    "unpaid" or "past_due". ``settlement``: the one currency in which all new charges settle; with
    None each settles in its own, as with bank accounts in all of them.
    """

    duplicate: int = 1
    reorder: int = 0
    order: str | None = None
    delay: int = 0
    drop: float = 0.0
    old_version: str | None = None
    same_second: int = 0
    paused: bool = False
    seed: int = 0
    upcoming_days: int = 0
    retry_days: tuple[int, ...] = (3, 5, 7)
    after_retries: str = "cancel"
    settlement: str | None = None


NAMES = tuple(one.name for one in fields(Knobs))


def read(meta: dict[str, str]) -> Knobs:
    """The knobs as the sandbox's notes say."""
    given: dict[str, Any] = {
        name: json.loads(meta[PREFIX + name]) for name in NAMES if PREFIX + name in meta
    }
    if "retry_days" in given:
        given["retry_days"] = tuple(given["retry_days"])
    return Knobs(**given)


def turn(meta: dict[str, str], changes: Json) -> Knobs:
    """Set some knobs; raises RequestFailed for a name or value that there is not."""
    wanted = asdict(read(meta)) | {name: _value(name, value) for name, value in changes.items()}
    unknown = set(wanted) - set(NAMES)
    if unknown:
        raise RequestFailed(f"No such knob: {', '.join(sorted(unknown))}", param="knobs")
    _check(wanted)
    for name, value in wanted.items():
        meta[PREFIX + name] = json.dumps(value)
    return read(meta)


def _value(name: str, value: Any) -> Any:
    meant: Json = {"reorder": 100, "old_version": "2022-11-15", "same_second": 60}
    if name in meant and isinstance(value, bool):
        return meant[name] if value else Knobs.__dataclass_fields__[name].default
    return value


def _check(wanted: Json) -> None:
    days = wanted["retry_days"]
    fine = {
        "duplicate": isinstance(wanted["duplicate"], int) and 1 <= wanted["duplicate"] <= 5,
        "reorder": isinstance(wanted["reorder"], int) and wanted["reorder"] >= 0,
        "order": wanted["order"] in (None, "A", "B"),
        "delay": isinstance(wanted["delay"], int) and wanted["delay"] >= 0,
        "drop": isinstance(wanted["drop"], (int, float)) and 0 <= wanted["drop"] <= 1,
        "old_version": wanted["old_version"] is None or is_version(str(wanted["old_version"])),
        "same_second": isinstance(wanted["same_second"], int) and wanted["same_second"] >= 0,
        "paused": isinstance(wanted["paused"], bool),
        "seed": isinstance(wanted["seed"], int),
        "upcoming_days": isinstance(wanted["upcoming_days"], int) and wanted["upcoming_days"] >= 0,
        "retry_days": isinstance(days, (list, tuple))
        and all(isinstance(day, int) and day > 0 for day in days),
        "after_retries": wanted["after_retries"] in ("cancel", "unpaid", "past_due"),
        "settlement": wanted["settlement"] is None or is_currency(wanted["settlement"]),
    }
    wrong = [name for name, is_fine in fine.items() if not is_fine]
    if wrong:
        raise RequestFailed(
            f"Wrong value for {', '.join(f'{name}: {wanted[name]!r}' for name in wrong)}",
            param=wrong[0],
        )
