"""What nobody calls: product code that only tests know counts as dead; a name in a template lives.

vulture finds the names; fields of rows and forms are left out, since it cannot see who reads them.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from vulture import Vulture
from vulture.core import Item

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ["app", "migrations", "tools", "wsgi.py"]
CODE = {"class", "function", "import", "method", "property", "unreachable_code"}


def main() -> int:
    """Print what is dead; returns the exit code."""
    dead = [item for item in unused(PRODUCT) if not is_in_a_template(item)]
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


def is_in_a_template(item: Item) -> bool:
    return re.search(rf"\b{re.escape(item.name)}\b", _templates()) is not None


def is_under(item: Item, folder: str) -> bool:
    return Path(item.filename).is_relative_to(ROOT / folder)


def _templates() -> str:
    folders = [ROOT / "templates", ROOT / "app" / "sandbox" / "templates"]
    return "\n".join(path.read_text() for folder in folders for path in folder.rglob("*.*"))


if __name__ == "__main__":
    sys.exit(main())
