"""Which function answers which address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from app.sandbox.errors import Json
from app.sandbox.params import EXPAND, PAGE, Reader, record

Handler = Callable[..., Json]


@dataclass(frozen=True)
class Route:
    """A method, an address with {gaps}, the parameters it takes, and who answers."""

    method: str
    path: str
    params: record
    handle: Handler
    segments: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "segments", tuple(self.path.strip("/").split("/")))

    def match(self, segments: list[str]) -> list[str] | None:
        """The values of the gaps, or None."""
        if len(segments) != len(self.segments):
            return None
        values = []
        for mine, given in zip(self.segments, segments, strict=True):
            if mine.startswith("{"):
                values.append(given)
            elif mine != given:
                return None
        return values


def get(path: str, handle: Handler, **params: Reader) -> Route:
    """A read of one object."""
    return Route("GET", path, record({"expand": EXPAND} | params), handle)


def listed(path: str, handle: Handler, **params: Reader) -> Route:
    """A read of a list, page by page."""
    return Route("GET", path, record(PAGE | params), handle)


def post(path: str, handle: Handler, params: record | None = None) -> Route:
    """A write."""
    return Route("POST", path, (params or record()).with_fields(expand=EXPAND), handle)


def delete(path: str, handle: Handler, params: record | None = None) -> Route:
    """A removal."""
    return Route("DELETE", path, (params or record()).with_fields(expand=EXPAND), handle)


def find(routes: list[Route], method: str, path: str) -> tuple[Route, list[str]] | None:
    """The first route for this request, with the ids in its address."""
    segments = path.strip("/").split("/")
    for route in routes:
        if route.method != method:
            continue
        values = route.match(segments)
        if values is not None:
            return route, values
    return None
