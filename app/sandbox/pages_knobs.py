"""The knobs of disorder as fields of a form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.sandbox.acting import Act
from app.sandbox.errors import Json, RequestFailed
from app.sandbox.knobs import Knobs, read, turn


@dataclass(frozen=True)
class Knob:
    """A knob as it is shown: a field for its text, or a choice of a few."""

    name: str
    words: str
    value: str
    choices: tuple[tuple[str, str], ...]


def knobs(act: Act) -> list[Knob]:
    """All knobs as they stand."""
    turned = read(act.meta)
    return [
        Knob(name, words, _written(getattr(turned, name)), choices)
        for name, (words, _, choices) in KNOBS.items()
    ]


def turn_all(act: Act, form: Callable[[str], str]) -> Knobs:
    """Set every knob to what the form says; raises RequestFailed for what is no value."""
    changes: Json = {}
    for name, (_, meant, _) in KNOBS.items():
        try:
            changes[name] = meant(form(name).strip())
        except ValueError as error:
            raise RequestFailed("This is no value for this knob.", param=name) from error
    return turn(act.meta, changes)


def _written(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _days(text: str) -> list[int]:
    return [int(day) for day in text.split(",")] if text else []


def _order(text: str) -> str | None:
    return text if text == "B" else None


def _maybe(text: str) -> str | None:
    return text or None


def _currency(text: str) -> str | None:
    return text.lower() or None


def _share(text: str) -> float:
    return float(text.replace(",", "."))


def _is_yes(text: str) -> bool:
    return text == "yes"


Meant = Callable[[str], Any]
KNOBS: dict[str, tuple[str, Meant, tuple[tuple[str, str], ...]]] = {
    "paused": ("Deliveries", _is_yes, (("no", "go out"), ("yes", "are held back"))),
    "duplicate": ("Copies of each event, 1 to 5", int, ()),
    "reorder": ("Events change places within", int, ()),
    "order": (
        "Order of a checkout",
        _order,
        (("", "as recorded, A"), ("B", "as recorded, B")),
    ),
    "delay": ("Seconds until a delivery is due", int, ()),
    "drop": ("Share that is never sent, 0 to 1", _share, ()),
    "old_version": ("Older version of all events", _maybe, ()),
    "same_second": ("Times are rounded to seconds", int, ()),
    "seed": ("Seed of chance", int, ()),
    "retry_days": ("Days between tries to collect", _days, ()),
    "after_retries": (
        "After the last try",
        str,
        (
            ("cancel", "the subscription ends"),
            ("unpaid", "it is unpaid"),
            ("past_due", "it stays past due"),
        ),
    ),
    "settlement": ("All charges settle in; empty: each in its own currency", _currency, ()),
}
