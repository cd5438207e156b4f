"""Check what was served as JSON: objects, lists, events and errors, recursively."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from tests.contract.reading_types import fields_of, object_record
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
    ScalarKind,
    Shape,
)
from tests.contract.tolerated import UNDECLARED_FIELDS

Path: TypeAlias = "tuple[Path, str] | None"

PAGE_FIELDS = frozenset({"object", "data", "has_more", "url"})
PAGE_EXTRAS = {"list": frozenset[str](), "search_result": frozenset({"next_page"})}
DELETED_FIELDS = frozenset({"id", "object", "deleted"})
PYTHON_TYPES: dict[ScalarKind, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "decimal": (str,),
}


@dataclass
class Walk:
    """One walk through one document: the faults found, and how many objects were met.

    ``partial`` is for ``previous_attributes``, where any field may be missing.
    """

    partial: bool = False
    objects: int = 0
    faults: list[tuple[str, str]] = field(default_factory=list)

    def fault(self, path: Path, problem: str) -> None:
        self.faults.append((written(path), problem))

    def check(self, value: Any, shape: Shape, path: Path) -> None:
        """Compare one value with its shape and note every difference."""
        CHECKS[type(shape)](self, value, shape, path)

    def check_named(self, value: Any, path: Path) -> None:
        """Check a document by its own ``object`` value, whatever it is."""
        name = value.get("object") if isinstance(value, dict) else None
        if name in PAGE_EXTRAS:
            self.check(value, PageOf(Anything(), name), path)
        elif isinstance(name, str) and (record := object_record(name)):
            self.check(value, record, path)
        else:
            self.fault(path, f"no object that the SDK knows: object is {name!r}")


def written(path: Path) -> str:
    """A path as one reads it: ``invoice.lines.data[0].amount``."""
    parts: list[str] = []
    while path is not None:
        path, part = path
        parts.append(part if path is None or part.startswith("[") else f".{part}")
    return "".join(reversed(parts))


def _check_anything(walk: Walk, value: Any, shape: Anything, path: Path) -> None:
    if isinstance(value, dict) and isinstance(value.get("object"), str) and "id" in value:
        walk.check_named(value, path)


def _check_null(walk: Walk, value: Any, shape: Null, path: Path) -> None:
    if value is not None:
        walk.fault(path, f"expected null, got {_kind(value)}")


def _check_scalar(walk: Walk, value: Any, shape: Scalar, path: Path) -> None:
    if not _is_scalar(value, shape.kind):
        walk.fault(path, f"expected {shape.kind}, got {_kind(value)} {value!r:.60}")


def _check_choice(walk: Walk, value: Any, shape: Choice, path: Path) -> None:
    if not isinstance(value, str | int) or value not in shape.values:
        known = ", ".join(sorted(map(str, shape.values)))
        walk.fault(path, f"{value!r:.60} is none of: {known:.200}")


def _check_list(walk: Walk, value: Any, shape: ListOf, path: Path) -> None:
    if not isinstance(value, list):
        walk.fault(path, f"expected a list, got {_kind(value)}")
        return
    for index, item in enumerate(value):
        walk.check(item, shape.item, (path, f"[{index}]"))


def _check_map(walk: Walk, value: Any, shape: MapOf, path: Path) -> None:
    """Check free names; the subject of an event is checked apart, by its own ``object``."""
    if not isinstance(value, dict):
        walk.fault(path, f"expected an object with free names, got {_kind(value)}")
        return
    if isinstance(shape.item, Anything):
        return
    for name, item in value.items():
        walk.check(item, shape.item, (path, name))


def _check_page(walk: Walk, value: Any, shape: PageOf, path: Path) -> None:
    if not isinstance(value, dict) or value.get("object") != shape.object_name:
        walk.fault(path, f"expected a {shape.object_name}, got {_kind(value)}")
        return
    extras = PAGE_EXTRAS[shape.object_name] | UNDECLARED_FIELDS[shape.object_name]
    _check_names(walk, value, PAGE_FIELDS | extras, PAGE_FIELDS, path)
    for name, kind in (("url", Scalar("str")), ("has_more", Scalar("bool"))):
        if name in value:
            walk.check(value[name], kind, (path, name))
    _check_list(walk, value.get("data", []), ListOf(shape.item), (path, "data"))


def _check_record(walk: Walk, value: Any, shape: Record, path: Path) -> None:
    fields = fields_of(shape)
    if not isinstance(value, dict):
        walk.fault(path, f"expected {fields.title}, got {_kind(value)} {value!r:.60}")
        return
    if fields.object_name is not None:
        walk.objects += 1
    required = _required(walk, value, fields)
    extras = UNDECLARED_FIELDS.get(fields.object_name or "", frozenset())
    _check_names(walk, value, fields.known.keys() | extras, required, path)
    settled = fields.settled
    for name, item in value.items():
        if name in fields.known and type(item) not in settled[name]:
            walk.check(item, fields.known[name], (path, name))


def _check_one_of(walk: Walk, value: Any, shape: OneOf, path: Path) -> None:
    """Go on with the option that is meant; where none fits, say what was possible."""
    meant = [option for option in shape.options if _is_meant(value, option)]
    if len(meant) > 1 and isinstance(value, dict) and "object" in value:
        named = [option for option in meant if _names_object(option, value["object"])]
        meant = named or meant
    if not meant:
        choices = [option for option in shape.options if isinstance(option, Choice)]
        if choices and isinstance(value, str):
            _check_choice(walk, value, choices[0], path)
        else:
            possible = " or ".join(_title(option) for option in shape.options)
            walk.fault(path, f"expected {possible}, got {_kind(value)} {value!r:.60}")
        return
    walk.check(value, meant[0], path)


CHECKS: dict[type, Callable[[Walk, Any, Any, Path], None]] = {
    Anything: _check_anything,
    Null: _check_null,
    Scalar: _check_scalar,
    Choice: _check_choice,
    ListOf: _check_list,
    MapOf: _check_map,
    PageOf: _check_page,
    Record: _check_record,
    OneOf: _check_one_of,
}


def _check_names(
    walk: Walk,
    value: Mapping[str, Any],
    known: frozenset[str] | set[str],
    required: frozenset[str],
    path: Path,
) -> None:
    for name in value.keys() - known:
        walk.fault((path, name), "unknown field")
    for name in required - value.keys():
        walk.fault((path, name), "missing field")


def _required(walk: Walk, value: Mapping[str, Any], fields: Fields) -> frozenset[str]:
    if walk.partial:
        return frozenset()
    if value.get("deleted") is True and fields.deletable:
        return fields.required & DELETED_FIELDS
    return fields.required


def _is_scalar(value: Any, kind: ScalarKind) -> bool:
    if isinstance(value, bool) and kind != "bool":
        return False
    if not isinstance(value, PYTHON_TYPES[kind]):
        return False
    return kind != "decimal" or _is_decimal(value)


def _is_decimal(text: Any) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _is_meant(value: Any, option: Shape) -> bool:
    match option:
        case Null():
            return value is None
        case Choice():
            return isinstance(value, str | int) and value in option.values
        case Scalar():
            return _is_scalar(value, option.kind)
        case ListOf():
            return isinstance(value, list)
        case MapOf() | PageOf() | Record():
            return isinstance(value, dict)
        case OneOf():
            return any(_is_meant(value, inner) for inner in option.options)
        case Anything():
            return True


def _names_object(option: Shape, name: Any) -> bool:
    return isinstance(option, Record) and fields_of(option).object_name == name


def _title(option: Shape) -> str:
    match option:
        case Record():
            return fields_of(option).title
        case Scalar():
            return option.kind
        case Choice():
            return "one of " + ", ".join(sorted(map(str, option.values)))
        case _:
            return type(option).__name__.lower()


def _kind(value: Any) -> str:
    return "null" if value is None else type(value).__name__
