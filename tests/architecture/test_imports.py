"""The plan of the house, enforced: docs/house.md has the rule in words."""

from __future__ import annotations

import pytest
from importlinter.cli import lint_imports

from tests.architecture.files import Module, imports, modules

pytestmark = pytest.mark.slow  # one process reads all files, once
RANKS = {
    "views": 4, "staff_views": 4, "dev_views": 4, "jobs": 4, "stripe_events": 4,
    "forms": 3, "queries": 1, "emails": 1, "models": 0, "reasons": 0, "triggers": -1,
}  # fmt: skip
VERB = 2
PRIVATE = {"views", "staff_views", "dev_views", "jobs", "stripe_events", "forms", "emails"}
NOT_ROOMS = {"core", "sandbox", "ops", "schema"}


def test_the_contracts_hold() -> None:
    assert lint_imports(no_cache=True, config_filename="pyproject.toml") == 0


def test_inside_a_room_what_is_above_imports_what_is_below() -> None:
    assert [fault for module in rooms() for fault in faults_inside(module)] == []


def test_of_a_lower_room_only_models_queries_and_verbs_are_used() -> None:
    assert [fault for module in rooms() for fault in faults_between(module)] == []


def test_nobody_in_a_room_imports_the_factory() -> None:
    known = {module.name for module in modules("app/")}
    found = [
        f"{module.path}:{line} imports {name}"
        for module in modules("app/")
        for name, line in imports(module)
        if name.startswith("app.") and name.count(".") == 1 and name not in known
    ]
    assert found == []


def rooms() -> list[Module]:
    """The files of rooms: app/<room>/<file>.py, and what a file that grew to a folder holds."""
    return [
        module
        for module in modules("app/")
        if module.path.count("/") >= 2 and module.path.split("/")[1] not in NOT_ROOMS
    ]


def faults_inside(module: Module) -> list[str]:
    _, room, own, *_ = [*module.name.split("."), ""]
    return [
        f"{module.path}:{line} is {own or 'the room'}, and imports {target}"
        for name, line in imports(module)
        if (target := part_of(name, room)) and target != own and not below(target, own)
    ]


def faults_between(module: Module) -> list[str]:
    room = module.name.split(".")[1]
    return [
        f"{module.path}:{line} imports {name}"
        for name, line in imports(module)
        if name.startswith("app.")
        and name.split(".")[1] not in {room, *NOT_ROOMS}
        and PRIVATE & set(name.split(".")[2:3])
    ]


def part_of(name: str, room: str) -> str | None:
    """The file of this room that is imported, if it is one."""
    words = name.split(".")
    return words[2] if words[:2] == ["app", room] and len(words) > 2 else None


def below(target: str, own: str) -> bool:
    """Verbs may use each other; import-linter would miss a circle, so no other neighbours may."""
    upper, lower = RANKS.get(own, VERB), RANKS.get(target, VERB)
    return lower < upper or lower == upper == VERB
