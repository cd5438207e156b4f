"""Make up values that the SDK's types allow, and break them one field at a time."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.contract.reading_types import fields_of
from tests.contract.shapes import (
    Anything,
    Choice,
    Fields,
    ListOf,
    MapOf,
    Null,
    OneOf,
    PageOf,
    Record,
    Scalar,
    Shape,
)

PLAIN: dict[str, Any] = {"str": "text", "int": 7, "float": 0.5, "bool": True, "decimal": "1.5"}
DEPTH = 2


@dataclass(frozen=True)
class Mutation:
    """One break of a valid document, and the words by which it has to be found."""

    what: str
    name: str
    broken: Any


def sample(shape: Shape, depth: int = DEPTH) -> Any:
    """A value of this shape, with every optional field filled in down to ``depth``."""
    match shape:
        case Anything() | Null():
            return None
        case Scalar():
            return PLAIN[shape.kind]
        case Choice():
            return min(shape.values, key=lambda value: (value == "", str(value)))
        case ListOf():
            return [sample(shape.item, depth - 1)]
        case MapOf():
            return {"name": sample(shape.item, depth - 1)}
        case PageOf():
            return _page(shape, depth)
        case Record():
            return _record(fields_of(shape), depth)
        case OneOf():
            return sample(_richest(shape, depth), depth)


def mutations(value: dict[str, Any], fields: Fields) -> Iterator[Mutation]:
    """Break a valid object at its own level: rename, remove, a wrong type, a wrong value.

    Values are judged by the type of their field, so a field that may be anything is left alone.
    """
    for name in value.keys() & fields.known.keys():
        if name not in ("object", "deleted"):
            yield _changed(value, name, "renamed", rename=True)
            yield from _wrong_values(value, name, fields.known[name])
        if name in fields.required:
            yield _changed(value, name, "removed", remove=True)


def _wrong_values(value: dict[str, Any], name: str, shape: Shape) -> Iterator[Mutation]:
    options = shape.options if isinstance(shape, OneOf) else (shape,)
    if any(isinstance(option, Anything) for option in options):
        return
    yield _changed(value, name, "of another type", new=_no_value_of(options))
    if any(isinstance(option, Choice) for option in options) and not any(
        option == Scalar("str") for option in options
    ):
        yield _changed(value, name, "outside its values", new="no_such_value")


def _no_value_of(options: tuple[Shape, ...]) -> Any:
    """A value of a type that none of the options allows."""
    if any(isinstance(option, ListOf) for option in options):
        return {"of": "another type"}
    return [["of another type"]]


def _changed(
    value: dict[str, Any],
    name: str,
    what: str,
    *,
    new: Any = None,
    remove: bool = False,
    rename: bool = False,
) -> Mutation:
    broken = copy.copy(value)
    old = broken.pop(name)
    if rename:
        broken[f"{name}_of_old"] = old
    elif not remove:
        broken[name] = new
    return Mutation(f"{name} {what}", name, broken)


def _page(shape: PageOf, depth: int) -> dict[str, Any]:
    data = [sample(shape.item, depth - 1)] if depth > 0 else []
    return {"object": shape.object_name, "data": data, "has_more": False, "url": "/v1/things"}


def _record(fields: Fields, depth: int) -> dict[str, Any]:
    """All fields while there is depth left, then only the required ones."""
    names = fields.known.keys() if depth > 0 else fields.required
    return {name: sample(fields.known[name], depth - 1) for name in names if name != "deleted"}


def _richest(shape: OneOf, depth: int) -> Shape:
    """The option that says most, and with no depth left the plainest."""

    def weight(option: Shape) -> int:
        plain = isinstance(option, Scalar | Choice)
        deep = isinstance(option, Record | ListOf | MapOf | PageOf)
        if depth > 0:
            return 2 if deep else 1 if plain else 0
        return 2 if isinstance(option, Null) else 1 if plain else 0

    return max(shape.options, key=weight)
