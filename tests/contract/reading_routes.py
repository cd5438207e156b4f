"""Read the routes of the API from the source of the SDK's service classes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import stripe

from tests.contract.reading_types import checked_names, shape_from_text
from tests.contract.shapes import Record, Shape
from tests.contract.tolerated import UNDECLARED_ROUTES

SERVICE_FILES = "_*_service.py"
METHOD = re.compile(r"^    def \w+\(", re.MULTILINE)
CALL = re.compile(r'self\._request(?:_stream)?\(\s*"(get|post|delete)",\s*"(/v1/[^"]+)"')
PARAMS = re.compile(r'\bparams:\s*(Optional\[)?\s*"(\w+)"')
ANSWER = re.compile(r'\)\s*->\s*"([^"]+)":')
VARIABLE = re.compile(r"\{\w+\}")


@dataclass(frozen=True)
class Route:
    """One call of the API: what it takes and what it answers.

    ``params`` is None where nothing may be sent, ``answer`` where the SDK says nothing.
    """

    method: str
    pattern: str
    source: Path
    params_name: str | None
    answer_text: str | None

    @property
    def params(self) -> Record | None:
        if self.params_name is None:
            return None
        home = _names(self.source)[self.params_name]
        return Record(str(vars(home)["sdk_module"]), self.params_name)

    @property
    def answer(self) -> Shape | None:
        if self.answer_text is None:
            return None
        return shape_from_text(self.answer_text, str(self.source), _names(self.source))


def route_for(method: str, path: str) -> Route | None:
    """The route that a request takes; fixed parts of a path win over variable ones."""
    parts = path.rstrip("/").split("/")
    candidates = _by_size().get((method.lower(), len(parts)), ())
    return next((route for route in candidates if _leads(route.pattern, parts)), None)


def is_undeclared(path: str) -> bool:
    """Whether this is an endpoint of the hosted pages that no SDK declares."""
    parts = path.rstrip("/").split("/")
    return any(_leads(pattern, parts) for pattern in UNDECLARED_ROUTES)


@cache
def all_routes() -> tuple[Route, ...]:
    """Every route of the API's first version that the installed SDK can call."""
    return tuple(dict.fromkeys(_read_routes()))


def _leads(pattern: str, parts: list[str]) -> bool:
    wanted = pattern.split("/")
    return len(wanted) == len(parts) and all(
        VARIABLE.fullmatch(want) or want == part for want, part in zip(wanted, parts, strict=True)
    )


def _read_routes() -> Iterator[Route]:
    root = Path(stripe.__file__).parent
    for source in sorted(root.rglob(SERVICE_FILES)):
        if "v2" in source.relative_to(root).parts:
            continue
        text = source.read_text(encoding="utf-8")
        for method in METHOD.split(text)[1:]:
            sync = method.partition("    async def ")[0]
            if call := CALL.search(sync):
                params = PARAMS.search(sync)
                answer = ANSWER.search(sync)
                yield Route(
                    call[1],
                    call[2],
                    source,
                    params[2] if params else None,
                    answer[1] if answer else None,
                )


@cache
def _by_size() -> dict[tuple[str, int], list[Route]]:
    """Routes by method and number of parts, the most specific first."""
    found: dict[tuple[str, int], list[Route]] = {}
    for route in sorted(all_routes(), key=lambda route: len(VARIABLE.findall(route.pattern))):
        found.setdefault((route.method, len(route.pattern.split("/"))), []).append(route)
    return found


@cache
def _names(source: Path) -> dict[str, type]:
    return checked_names(source.read_text(encoding="utf-8"))
