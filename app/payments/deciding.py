"""Which snapshot of an object is the truth: the newest, and in doubt none of those at hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from app.payments.projecting import FILLED_LATER, Row, Unreadable, project, same
from app.payments.sheets import Answer, Sheet, Told

# An answer may hold already what an event of these minutes tells; clocks may be so far apart.
UNSURE = timedelta(minutes=5)
Json = dict[str, Any]


class Doubtful(Exception):
    """The newest snapshot cannot be told from here: the object must be asked for."""


class Unknown(LookupError):
    """Stripe has no such object, and no event of our version shows it."""


def decide(sheet: Sheet) -> Row | None:
    """The columns to write; None where what is there is newer.

    Notes on the object's lock how new they are. Raises Doubtful, Unreadable, Unknown.
    """
    if sheet.answer is not None:
        return _from_answer(sheet, sheet.answer)
    if not sheet.told:
        return None
    lock, newest = sheet.lock, max(told.at for told in sheet.told)
    if lock.applied_created is not None and newest < lock.applied_created:
        return None
    values = _last_of([told for told in sheet.told if told.at == newest])
    if sheet.row is not None and not same(values, vars(sheet.row)):  # as it was just read
        is_tie = newest == lock.applied_created
        if is_tie or (lock.retrieved_at is not None and newest <= lock.retrieved_at + UNSURE):
            raise Doubtful
    lock.applied_created = newest
    return values


def _from_answer(sheet: Sheet, answer: Answer) -> Row:
    lock = sheet.lock
    if answer.object is not None:
        values = project(sheet.kind, answer.object)
        times = (lock.applied_created, sheet.newest)
        lock.applied_created = max((time for time in times if time is not None), default=None)
        lock.retrieved_at = answer.at
        return values
    current = [told for told in sheet.told if told.is_current]
    if not current:
        raise Unknown(f"Stripe does not know {sheet.object_id}")
    values = project(sheet.kind, current[-1].object)
    lock.deleted = True
    lock.applied_created = sheet.newest
    return values


def _last_of(latest: list[Told]) -> Row:
    """What is true after the events of one second: what they agree on, or how they follow."""
    if not all(told.is_current for told in latest):
        raise Doubtful
    try:
        ends = [project(told.kind, told.object) for told in latest]
        merged, *others = ends
        if all(same(merged, other) for other in others):
            for other in others:
                merged |= {key: other[key] for key in FILLED_LATER & other.keys() if other[key]}
            return merged
        return _end_of_chain(latest, ends)
    except Unreadable:
        raise Doubtful from None


def _end_of_chain(latest: list[Told], ends: list[Row]) -> Row:
    """The one state that no update starts from, where each of the others is such a start."""
    starts = [
        project(told.kind, _overlaid(told.object, told.previous))
        for told in latest
        if told.previous
    ]
    last = [end for end in ends if not any(same(end, start) for start in starts)]
    if not last or not all(same(last[0], other) for other in last):
        raise Doubtful
    return last[0]


def _overlaid(obj: Json, previous: Json) -> Json:
    """The object as it was before an update; of nested ones only what changed is told."""
    before = obj | previous
    for key, value in previous.items():
        if isinstance(value, dict) and isinstance(obj.get(key), dict):
            before[key] = _overlaid(obj[key], value)
    return before
