"""What a value may be: the small language that the SDK's annotations are read into."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import NoneType
from typing import Literal, TypeAlias

SETTLED: dict[str, frozenset[type]] = {
    "str": frozenset({str}),
    "int": frozenset({int}),
    "float": frozenset({int, float}),
    "bool": frozenset({bool}),
}

ScalarKind: TypeAlias = Literal["str", "int", "float", "bool", "decimal"]


@dataclass(frozen=True)
class Anything:
    """The SDK says nothing about this value."""


@dataclass(frozen=True)
class Null:
    """The value may be null."""


@dataclass(frozen=True)
class Scalar:
    """A plain value of one kind; ``decimal`` travels as a string of digits."""

    kind: ScalarKind


@dataclass(frozen=True)
class Choice:
    """One of a closed set of values."""

    values: frozenset[str | int | bool]


@dataclass(frozen=True)
class ListOf:
    """A list of values of one shape."""

    item: Shape


@dataclass(frozen=True)
class MapOf:
    """Free names, such as metadata, with values of one shape."""

    item: Shape


@dataclass(frozen=True)
class PageOf:
    """A list object of the API: ``list`` with data, has_more and url, or ``search_result``."""

    item: Shape
    object_name: str


@dataclass(frozen=True)
class Record:
    """A class of the SDK, by module and name inside it; its fields are read when first needed."""

    module: str
    name: str


@dataclass(frozen=True)
class OneOf:
    """Any one of several shapes."""

    options: tuple[Shape, ...]


Shape: TypeAlias = Anything | Null | Scalar | Choice | ListOf | MapOf | PageOf | Record | OneOf


@dataclass(frozen=True)
class Fields:
    """The fields of one class of the SDK.

    ``required`` are the names that must stand there: what is not NotRequired in parameters,
    what is not Optional in objects. ``object_name`` is the object's ``object`` value, if any.
    """

    title: str
    known: dict[str, Shape]
    required: frozenset[str]
    object_name: str | None
    deletable: bool

    @cached_property
    def settled(self) -> dict[str, frozenset[type]]:
        """Per field the types of JSON values that are right whatever they say.

        Most values are such; they need no further look, and events come by the thousand.
        """
        return {name: _settled(shape) for name, shape in self.known.items()}


@dataclass(frozen=True)
class Finding:
    """One place where the traffic and the contract disagree."""

    kind: Literal["request", "object", "event"]
    where: str
    problem: str

    def __str__(self) -> str:
        return f"{self.kind} {self.where}: {self.problem}"


def _settled(shape: Shape) -> frozenset[type]:
    match shape:
        case Scalar():
            return SETTLED.get(shape.kind, frozenset())
        case Null():
            return frozenset({NoneType})
        case OneOf():
            return frozenset[type]().union(*map(_settled, shape.options))
        case _:
            return frozenset()
