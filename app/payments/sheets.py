"""What is at hand about one object of Stripe's while its events are handled."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.payments.changes import Change, Kind
from app.payments.copies import Copy
from app.payments.projecting import FILLED_LATER, Row

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """What one event says of one object."""

    number: int  # of the row in the inbox
    event_id: str
    type: str
    kind: Kind
    object_id: str
    object: Json
    previous: Json
    at: datetime
    is_current: bool  # written at our version of the API


@dataclass(frozen=True, slots=True)
class Answer:
    """What Stripe said when it was asked for an object; ``object`` is None where it has none.

    ``newest`` is the number of the last event that had come in when we asked: the answer is newer
    than all of them. ``cause`` names an asking that no event made necessary.
    """

    kind: Kind
    object_id: str
    object: Json | None
    at: datetime
    newest: int
    cause: str | None = None
    is_comparison: bool = False  # then upper rooms are told what was seen


@dataclass(frozen=True, slots=True)
class Doubt:
    """An object that must be asked for, and the events that wait for it."""

    kind: Kind
    object_id: str
    numbers: tuple[int, ...]


@dataclass(slots=True)
class Applied:
    """What came of it, by the number of the event."""

    handled: list[int] = field(default_factory=list)
    unclaimed: list[int] = field(default_factory=list)
    ignored: dict[int, str] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


@dataclass
class Lock:
    """The row of ``stripe_object``, locked; as plain as there are many of them in a batch."""

    id: str
    type: str
    applied_created: datetime | None = None
    retrieved_at: datetime | None = None
    deleted: bool = False


@dataclass(slots=True)
class Sheet:
    """One object: what is known, what was told, what was answered, what is made of it."""

    kind: Kind
    object_id: str
    lock: Lock
    row: Copy | None  # None while the mirror has none
    told: list[Told]
    answer: Answer | None  # None too where events came in after it was asked for
    values: Row | None = None
    changed: set[str] = field(default_factory=set)  # what of the row is different now

    @property
    def is_news(self) -> bool:
        """Whether what changed tells anybody anything."""
        return not self.changed <= FILLED_LATER

    @property
    def newest(self) -> datetime | None:
        """When the newest of its events was made."""
        return max((told.at for told in self.told), default=None)

    @property
    def numbers(self) -> list[int]:
        return [told.number for told in self.told]

    @property
    def shown(self) -> list[Json]:
        """Every snapshot at hand, the answer last; an event whose body is gone has none."""
        objects = [told.object for told in self.told if told.object]
        if self.answer is not None and self.answer.object is not None:
            objects.append(self.answer.object)
        return objects
