"""The project's own files, and Python read as a tree."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {".git", ".venv", "var", "shots", "node_modules", "__pycache__"}


@dataclass(frozen=True)
class Module:
    """One Python file: its path from the root, and what it says."""

    path: str
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """As it is imported: app.topics.voting."""
        return self.path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


@cache
def ours() -> tuple[Path, ...]:
    """Every file that is written here, or committed here."""
    found: list[Path] = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [
            name for name in folders if name not in NOT_OURS and not name.endswith("_cache")
        ]
        folders[:] = [name for name in folders if name != ".hypothesis"]
        found += [Path(folder, name) for name in files if not name.endswith(".pyc")]
    return tuple(sorted(found))


def texts(*suffixes: str) -> Iterator[tuple[str, str]]:
    """Path and text of our files; of all that are text where no suffix is given."""
    for path in ours():
        if suffixes and path.suffix not in suffixes:
            continue
        try:
            yield path.relative_to(ROOT).as_posix(), path.read_text("utf-8")
        except UnicodeDecodeError:
            continue


def modules(under: str = "") -> tuple[Module, ...]:
    """Our Python files, ``./dev`` among them."""
    return tuple(module for module in _parsed() if module.path.startswith(under))


@cache
def _parsed() -> tuple[Module, ...]:
    return tuple(
        Module(path, text, ast.parse(text, path))
        for path, text in texts()
        if path.endswith(".py") or path == "dev"
    )


def forget() -> None:
    """Read them anew next time."""
    _parsed.cache_clear()


def imports(module: Module) -> Iterator[tuple[str, int]]:
    """Every module that this one imports, with the line; ``from a import b`` gives a.b."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
