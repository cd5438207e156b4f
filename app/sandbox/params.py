"""Reading a request: Stripe's form encoding into nested values, checked against a description.

A description is built from readers: ``record(name=text(), items=listing(record(...)))``.
Unknown names, wrong types and wrong enum values are refused as Stripe refuses them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from urllib.parse import parse_qsl

from app.sandbox.errors import Json, RequestFailed

Reader = Callable[[object, str], object]

NAME = re.compile(r"\[([^\[\]]*)\]")
WHOLE = re.compile(r"-?\d{1,18}")
LONGEST = 5000
DEEPEST = 12


def parse(encoded: str) -> Json:
    """Turn ``a[b][0]=1&c=2`` into nested dictionaries; list positions stay digit keys."""
    result: Json = {}
    try:
        pairs = parse_qsl(encoded, keep_blank_values=True, errors="strict", max_num_fields=2000)
    except (ValueError, UnicodeDecodeError) as error:
        raise RequestFailed("The request could not be parsed as a form.") from error
    for key, value in pairs:
        head, bracket, rest = key.partition("[")
        path = [head, *NAME.findall(bracket + rest)]
        if not head or len(path) > DEEPEST:
            raise RequestFailed(f"Invalid parameter name: {key[:100]}")
        _put(result, path, value, key)
    return result


def _put(result: Json, path: list[str], value: str, key: str) -> None:
    here = result
    for step in path[:-1]:
        here = here.setdefault(step or str(len(here)), {})
        if not isinstance(here, dict):
            raise RequestFailed(f"Invalid parameter: {key[:100]}", param=path[0])
    here[path[-1] or str(len(here))] = value


def text(*, longest: int = LONGEST, empty: bool = False) -> Reader:
    """A string; ``empty`` lets it be given empty, which clears."""

    def read(value: object, path: str) -> object:
        found = _string(value, path)
        if not found and not empty:
            raise RequestFailed(
                f"You passed an empty string for '{path}'. We assume empty values are an attempt "
                f"to unset a parameter; however '{path}' cannot be unset.",
                code="parameter_invalid_empty",
                param=path,
            )
        if len(found) > longest:
            raise RequestFailed(
                f"Invalid string: must be at most {longest} characters",
                code="parameter_invalid_string",
                param=path,
            )
        return found

    return read


def whole(*, least: int | None = None, most: int | None = None) -> Reader:
    """An integer within its limits."""

    def read(value: object, path: str) -> object:
        found = _string(value, path)
        if not WHOLE.fullmatch(found):
            raise RequestFailed(
                f"Invalid integer: {found[:50]}", code="parameter_invalid_integer", param=path
            )
        number = int(found)
        if least is not None and number < least:
            raise RequestFailed(
                f"This value must be greater than or equal to {least}.",
                code="parameter_invalid_integer",
                param=path,
            )
        if most is not None and number > most:
            raise RequestFailed(
                f"This value must be less than or equal to {most}.",
                code="parameter_invalid_integer",
                param=path,
            )
        return number

    return read


def flag() -> Reader:
    """A boolean, spelled true or false."""

    def read(value: object, path: str) -> object:
        found = _string(value, path)
        if found not in ("true", "false"):
            raise RequestFailed(f"Invalid boolean: {found[:50]}", param=path)
        return found == "true"

    return read


def decimal() -> Reader:
    """A decimal number with at most twelve digits after the point, kept as text."""

    def read(value: object, path: str) -> object:
        found = _string(value, path)
        try:
            number = Decimal(found)
        except InvalidOperation as error:
            raise RequestFailed(f"Invalid decimal: {found[:50]}", param=path) from error
        if not number.is_finite() or len(found) > 40:
            raise RequestFailed(f"Invalid decimal: {found[:50]}", param=path)
        return number

    return read


def one_of(*names: str) -> Reader:
    """One of the words that the API knows."""

    def read(value: object, path: str) -> object:
        found = _string(value, path)
        if found not in names:
            last = f", or {names[-1]}" if len(names) > 1 else names[0]
            raise RequestFailed(
                f"Invalid {path}: must be one of {', '.join(names[:-1])}{last}", param=path
            )
        return found

    return read


def mapping() -> Reader:
    """Metadata: up to 50 keys of 40 characters with values of 500; empty values remove a key."""

    def read(value: object, path: str) -> object:
        if value == "":
            return ""
        if not isinstance(value, dict):
            raise RequestFailed(f"Invalid object for {path}", param=path)
        if len(value) > 50:
            raise RequestFailed("Metadata can have at most 50 keys.", param=path)
        return {key: _entry(key, item, path) for key, item in value.items()}

    return read


def listing(reader: Reader, *, most: int = 100) -> Reader:
    """A list, written as ``name[0]`` or ``name[]``."""

    def read(value: object, path: str) -> object:
        if value == "":
            return []
        if not isinstance(value, dict) or not all(key.isdigit() for key in value):
            raise RequestFailed(f"Invalid array for {path}", param=path)
        if len(value) > most:
            raise RequestFailed(f"Array {path} has more than {most} elements.", param=path)
        ordered = sorted(value.items(), key=lambda pair: int(pair[0]))
        return [reader(item, f"{path}[{key}]") for key, item in ordered]

    return read


def clearable(reader: Reader) -> Reader:
    """A value that an empty string takes away; the empty string is what is returned then."""

    def read(value: object, path: str) -> object:
        return "" if value == "" else reader(value, path)

    return read


def either(first: Reader, *others: Reader) -> Reader:
    """The first reader that accepts; the last one's refusal is told."""

    def read(value: object, path: str) -> object:
        for reader in (first, *others)[:-1]:
            try:
                return reader(value, path)
            except RequestFailed:
                continue
        return (first, *others)[-1](value, path)

    return read


class record:  # noqa: N801  (reads as a word beside text(), whole(), listing())
    """An object with known names; a name that ends in ``!`` is required."""

    def __init__(self, fields: dict[str, Reader] | None = None, **named: Reader) -> None:
        every = (fields or {}) | named
        self.fields = {name.rstrip("!"): reader for name, reader in every.items()}
        self.required = [name[:-1] for name in every if name.endswith("!")]

    def __call__(self, value: object, path: str) -> object:
        if not isinstance(value, dict):
            raise RequestFailed(f"Invalid object for {path}", param=path)
        return self.read(value, path)

    def with_fields(self, **named: Reader) -> record:
        """The same description with more names."""
        marked = {
            name + ("!" if name in self.required else ""): reader
            for name, reader in self.fields.items()
        }
        return record(marked | named)

    def read(self, value: Json, path: str = "") -> Json:
        """Check and convert; raises RequestFailed with the parameter's full name."""
        result: Json = {}
        for name, raw in value.items():
            full = f"{path}[{name}]" if path else name
            reader = self.fields.get(name)
            if reader is None:
                raise RequestFailed(
                    f"Received unknown parameter: {full}", code="parameter_unknown", param=full
                )
            result[name] = reader(raw, full)
        for name in self.required:
            if name not in result:
                full = f"{path}[{name}]" if path else name
                raise RequestFailed(
                    f"Missing required param: {full}.", code="parameter_missing", param=full
                )
        return result


def refuse(message: str, *, code: str) -> Reader:
    """A parameter that Stripe once knew and refuses by name today."""

    def read(value: object, path: str) -> object:
        raise RequestFailed(message, code=code, param=path)

    return read


def merge_metadata(old: Json, change: object) -> Json:
    """Apply a metadata parameter: "" clears all, an empty value removes one key."""
    if change == "":
        return {}
    if not isinstance(change, dict):
        return dict(old)
    merged = old | change
    return {key: value for key, value in merged.items() if value != ""}


def _string(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise RequestFailed(f"Invalid string for {path}: an object was given", param=path)
    if "\x00" in value:
        raise RequestFailed(f"Invalid string for {path}: it contains NUL", param=path)
    return value


def _entry(key: str, value: object, path: str) -> str:
    found = _string(value, f"{path}[{key}]")
    if len(key) > 40:
        raise RequestFailed(f"Metadata keys can have up to 40 characters: {key[:60]}", param=path)
    if len(found) > 500:
        raise RequestFailed(
            f"Metadata values can have up to 500 characters, but you passed in a value that is "
            f"{len(found)} characters.",
            param=path,
        )
    return found


CREATED = either(whole(), record(gt=whole(), gte=whole(), lt=whole(), lte=whole()))
EXPAND = listing(text(longest=200), most=20)
PAGE: dict[str, Reader] = {
    "limit": whole(least=1, most=100),
    "starting_after": text(),
    "ending_before": text(),
    "expand": EXPAND,
}
ADDRESS = record(
    city=text(empty=True), country=text(empty=True), line1=text(empty=True),
    line2=text(empty=True), postal_code=text(empty=True), state=text(empty=True),
)  # fmt: skip
RECURRING = {
    "interval!": one_of("day", "month", "week", "year"),
    "interval_count": whole(least=1, most=1095),
}
