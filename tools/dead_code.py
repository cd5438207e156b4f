"""What nobody calls; product code that only tests know counts as dead.

vulture finds the names. Fields of rows and forms are left out, since it cannot see who reads them;
a name lives too where a template has it, or where a text is just that name, for ``getattr``.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path
from typing import TypeGuard

from vulture import Vulture
from vulture.core import Item

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ["app", "migrations", "tools", "wsgi.py"]
CODE = {"class", "function", "import", "method", "property", "unreachable_code"}


def main() -> int:
    """Print what is dead; returns the exit code."""
    spoken = texts_of(PRODUCT)
    dead = [item for item in unused(PRODUCT) if item.name not in spoken]
    dead += [item for item in unused([*PRODUCT, "tests"]) if is_under(item, "tests")]
    for item in dead:
        path = Path(item.filename).relative_to(ROOT)
        print(f"{path}:{item.first_lineno}: unused {item.typ} {item.name!r}")
    return 1 if dead else 0


def unused(paths: list[str]) -> list[Item]:
    """Code and constants that vulture sees no use of."""
    options = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["vulture"]
    vulture = Vulture(
        ignore_names=options["ignore_names"], ignore_decorators=options["ignore_decorators"]
    )
    vulture.scavenge([str(ROOT / path) for path in paths])
    found: list[Item] = vulture.get_unused_code(min_confidence=60)
    return [item for item in found if item.typ in CODE or item.name.isupper()]


def is_under(item: Item, folder: str) -> bool:
    return Path(item.filename).is_relative_to(ROOT / folder)


def texts_of(paths: list[str]) -> set[str]:
    """Every word of the templates, and every text in the code that is one name."""
    folders = [ROOT / "templates", ROOT / "app" / "sandbox" / "templates"]
    templates = [file.read_text() for folder in folders for file in folder.rglob("*.*")]
    found = {word for text in templates for word in re.findall(r"\w+", text)}
    files = [file for path in paths for file in [ROOT / path, *(ROOT / path).rglob("*.py")]]
    for file in files:
        if file.suffix == ".py":
            nodes = ast.walk(ast.parse(file.read_text()))
            found |= {node.value for node in nodes if is_text(node)}
    return found


def is_text(node: ast.AST) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


if __name__ == "__main__":
    sys.exit(main())
