"""Read the annotations of the SDK's classes into shapes, each class once and only when needed.

Most names in an annotation are imported by the SDK under TYPE_CHECKING only, so they do not
exist at run time. They are stood in for by small classes that remember where the real one is.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
import typing
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib import import_module
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, ForwardRef, Literal, Union, get_args, get_origin

import typing_extensions
from stripe._list_object import ListObject
from stripe._object_classes import OBJECT_CLASSES
from stripe._request_options import RequestOptions
from stripe._search_result_object import SearchResultObject
from stripe._stripe_object import StripeObject, UntypedStripeObject

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
from tests.contract.tolerated import SAID_IN_WORDS

SCALARS: dict[object, ScalarKind] = {
    str: "str",
    int: "int",
    float: "float",
    bool: "bool",
    Decimal: "decimal",
}
QUALIFIERS = frozenset(
    {
        typing.NotRequired,
        typing.Required,
        typing_extensions.NotRequired,
        typing_extensions.Required,
    }
)
TYPE_CHECKING_BLOCK = re.compile(r"^if TYPE_CHECKING:\n((?:(?:[ \t]+.*)?\n)+)", re.MULTILINE)
PLACEHOLDER_HOME = "sdk_module"
SDK = "stripe."


class UnknownAnnotation(TypeError):
    """The SDK uses a form of annotation that this reader does not know."""


def object_record(object_name: str) -> Record | None:
    """The class for an ``object`` value, or None if the SDK knows no such object."""
    entry = OBJECT_CLASSES.get(object_name)
    return Record(*entry) if entry else None


@cache
def fields_of(record: Record) -> Fields:
    """The fields of a resource class, a class nested in one, or a type of parameters."""
    target: Any = import_module(record.module)
    for part in record.name.split("."):
        target = getattr(target, part)
    annotations = {
        name: hint
        for name, hint in inspect.get_annotations(target).items()
        if not name.startswith("_") and not _is_class_variable(hint)
    }
    if typing_extensions.is_typeddict(target):
        return _parameter_fields(record, target, annotations)
    return _resource_fields(record, target, annotations)


def shape_from_text(text: str, module: str, names: Mapping[str, type]) -> Shape:
    """The shape of an annotation that stands as text in a module of the SDK."""
    return _shape(ForwardRef(text), {**vars(typing), "StripeObject": StripeObject, **names}, module)


def checked_names(source: str) -> dict[str, type]:
    """The names that a module of the SDK imports for its annotations only."""
    names: dict[str, type] = {}
    for block in TYPE_CHECKING_BLOCK.findall(source):
        for statement in ast.walk(ast.parse(textwrap.dedent(block))):
            if isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith(SDK):
                for alias in statement.names:
                    placeholder = _placeholder(str(statement.module), alias.name)
                    names[alias.asname or alias.name] = placeholder
    generics = {"ListObject": ListObject, "SearchResultObject": SearchResultObject}
    return {**names, **{name: generics[name] for name in generics if name in names}}


def _is_class_variable(hint: Any) -> bool:
    origin: Any = get_origin(hint)
    return origin is typing.ClassVar


def _parameter_fields(record: Record, target: Any, annotations: dict[str, Any]) -> Fields:
    """Parameter types of the SDK's older call style also carry its options; those never travel."""
    options = set[str]()
    if RequestOptions in typing_extensions.get_original_bases(target):
        options = set(RequestOptions.__annotations__)
    known = {
        name: _named(hint, record) for name, hint in annotations.items() if name not in options
    }
    return Fields(record.name, known, frozenset(target.__required_keys__), None, False)


def _resource_fields(record: Record, target: Any, annotations: dict[str, Any]) -> Fields:
    known = {name: _named(hint, record) for name, hint in annotations.items()}
    object_name = getattr(target, "OBJECT_NAME", None)
    for (owner, field), values in SAID_IN_WORDS.items():
        if owner == record.name and field in known:
            optional = _may_be_null(known[field])
            known[field] = _one_of([Choice(values), *([Null()] if optional else [])])
    required = frozenset(name for name, shape in known.items() if not _may_be_null(shape))
    return Fields(object_name or record.name, known, required, object_name, "deleted" in known)


def _named(hint: Any, record: Record) -> Shape:
    return _shape(hint, _namespace(record.module), record.module)


@cache
def _namespace(module_name: str) -> dict[str, Any]:
    module = import_module(module_name)
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    return {**vars(typing), **checked_names(source), **vars(module)}


@cache
def _placeholder(module: str, name: str) -> type:
    return type(name, (), {PLACEHOLDER_HOME: module})


def _shape(hint: Any, names: dict[str, Any], module: str) -> Shape:
    if isinstance(hint, str):
        hint = ForwardRef(hint)
    if isinstance(hint, ForwardRef):
        # The text is an annotation of the installed SDK, not input.
        return _shape(eval(hint.__forward_arg__, names), names, module)
    if hint is None or hint is NoneType:
        return Null()
    if hint is Any or hint is object:
        return Anything()
    if hint in SCALARS:
        return Scalar(SCALARS[hint])
    if isinstance(hint, type) and get_origin(hint) is None:
        return _class_shape(hint)
    return _generic_shape(hint, names, module)


def _class_shape(hint: type) -> Shape:
    if hint is StripeObject or hint is UntypedStripeObject:
        return MapOf(Anything())
    return Record(getattr(hint, PLACEHOLDER_HOME, hint.__module__), hint.__qualname__)


def _generic_shape(hint: Any, names: dict[str, Any], module: str) -> Shape:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return Choice(frozenset(arguments))
    if origin in QUALIFIERS:
        return _shape(arguments[0], names, module)
    parts = [_shape(argument, names, module) for argument in arguments if argument is not str]
    if origin in (Union, UnionType):
        return _one_of(parts + ([Scalar("str")] if str in arguments else []))
    item = _shape(arguments[-1], names, module) if arguments else Anything()
    if origin is list:
        return ListOf(item)
    if origin is dict or origin is UntypedStripeObject:
        return MapOf(item)
    if origin is ListObject:
        return PageOf(item, "list")
    if origin is SearchResultObject:
        return PageOf(item, "search_result")
    raise UnknownAnnotation(f"{hint!r} in {module}")


def _one_of(parts: list[Shape]) -> Shape:
    """Join shapes; beside named values a bare ``str`` only means "more may come one day".

    The SDK writes open enumerations as ``Union[Literal["a", "b"], str]``. What we send and
    serve ourselves has to be one of the values known today. ``Literal['']|str`` stays open:
    there the empty string is the way to unset a value.
    """
    flat: list[Shape] = []
    for part in parts:
        flat.extend(part.options if isinstance(part, OneOf) else [part])
    values = frozenset[str | int | bool]().union(
        *(part.values for part in flat if isinstance(part, Choice))
    )
    rest = [part for part in dict.fromkeys(flat) if not isinstance(part, Choice)]
    if values - {""}:
        rest = [part for part in rest if part != Scalar("str")]
    options = [*([Choice(values)] if values else []), *rest]
    return options[0] if len(options) == 1 else OneOf(tuple(options))


def _may_be_null(shape: Shape) -> bool:
    if isinstance(shape, OneOf):
        return any(_may_be_null(option) for option in shape.options)
    return isinstance(shape, Null | Anything)
