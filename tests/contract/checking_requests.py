"""Check what was sent: names, required ones, values, and the paths to expand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from tests.contract.reading_types import fields_of
from tests.contract.shapes import (
    Anything,
    Choice,
    ListOf,
    MapOf,
    OneOf,
    PageOf,
    Record,
    Scalar,
    ScalarKind,
    Shape,
)

Faults: TypeAlias = Iterator[tuple[str, str]]

# A form carries text only, so "5" is an int; a Python value may stand for what is sent.
TEXT_FORMS: dict[ScalarKind, re.Pattern[str]] = {
    "str": re.compile(r".*", re.DOTALL),
    "int": re.compile(r"-?[0-9]+"),
    "float": re.compile(r"-?[0-9]+(\.[0-9]+)?([eE]-?[0-9]+)?"),
    "decimal": re.compile(r"-?[0-9]+(\.[0-9]+)?"),
    "bool": re.compile(r"true|false"),
}


def request_faults(value: Any, shape: Shape, where: str) -> Faults:
    """Every place where one parameter, or all of them, disagree with their type."""
    match shape:
        case Anything():
            return
        case Record():
            yield from _record_faults(value, shape, where)
        case ListOf():
            yield from _list_faults(value, shape, where)
        case MapOf():
            yield from _map_faults(value, shape, where)
        case OneOf():
            yield from _one_of_faults(value, shape, where)
        case _:
            yield from _plain_faults(value, shape, where)


def expand_faults(paths: list[str], answer: Shape | None) -> Faults:
    """Every path to expand that does not exist in the answer."""
    for path in paths:
        if answer is not None and not _exists(path.split("."), answer):
            yield f"expand {path}", "no such field in the answer"


def as_list(value: Any) -> list[Any] | None:
    """A list as it was sent: a list, or numbered entries of a form; None if it is neither."""
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, Mapping) and value and all(str(key).isdigit() for key in value):
        return [value[key] for key in sorted(value, key=int)]
    return None


def _record_faults(value: Any, shape: Record, where: str) -> Faults:
    fields = fields_of(shape)
    if not isinstance(value, Mapping):
        yield where, f"expected {fields.title}, got {value!r:.60}"
        return
    for name in fields.required - value.keys():
        yield _join(where, name), "missing parameter"
    for name, item in value.items():
        if name not in fields.known:
            yield _join(where, name), "unknown parameter"
        else:
            yield from request_faults(item, fields.known[name], _join(where, name))


def _list_faults(value: Any, shape: ListOf, where: str) -> Faults:
    items = as_list(value)
    if items is None:
        yield where, f"expected a list, got {value!r:.60}"
        return
    for index, item in enumerate(items):
        yield from request_faults(item, shape.item, f"{where}[{index}]")


def _map_faults(value: Any, shape: MapOf, where: str) -> Faults:
    if not isinstance(value, Mapping):
        yield where, f"expected named values, got {value!r:.60}"
        return
    for name, item in value.items():
        yield from request_faults(item, shape.item, _join(where, str(name)))


def _one_of_faults(value: Any, shape: OneOf, where: str) -> Faults:
    """Nothing if one option fits; else the faults of the option that comes nearest."""
    tried = [
        list(request_faults(value, option, where))
        for option in shape.options
        if _has_form_of(value, option)
    ]
    if not tried:
        wanted = " or ".join(type(option).__name__.lower() for option in shape.options)
        yield where, f"expected {wanted}, got {value!r:.60}"
        return
    yield from min(tried, key=len)


def _plain_faults(value: Any, shape: Shape, where: str) -> Faults:
    if isinstance(shape, Choice):
        if not isinstance(value, str | int) or value not in shape.values:
            known = ", ".join(sorted(map(str, shape.values)))
            yield where, f"{value!r:.60} is none of: {known:.200}"
    elif isinstance(shape, Scalar):
        if not _is_text_of(value, shape.kind):
            yield where, f"expected {shape.kind}, got {value!r:.60}"
    else:
        yield where, f"cannot be sent: {value!r:.60}"


def _has_form_of(value: Any, option: Shape) -> bool:
    if isinstance(option, Record | MapOf):
        return isinstance(value, Mapping)
    if isinstance(option, ListOf):
        return as_list(value) is not None
    return not isinstance(value, Mapping | list | tuple)


def _is_text_of(value: Any, kind: ScalarKind) -> bool:
    if isinstance(value, bool):
        return kind == "bool"
    if isinstance(value, int):
        return kind in ("int", "float", "decimal", "str")
    if isinstance(value, float | Decimal):
        return kind in ("float", "decimal", "str")
    return isinstance(value, str) and TEXT_FORMS[kind].fullmatch(value) is not None


def _exists(parts: list[str], shape: Shape) -> bool:
    if not parts:
        return True
    match shape:
        case OneOf():
            return any(_exists(parts, option) for option in shape.options)
        case PageOf():
            return parts[0] == "data" and _exists(parts[1:], shape.item)
        case ListOf():
            return _exists(parts, shape.item)
        case Record():
            known = fields_of(shape).known
            return parts[0] in known and _exists(parts[1:], known[parts[0]])
        case Anything():
            return True
        case _:
            return False


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
