"""Files and functions that a person can hold in mind."""

from __future__ import annotations

import ast
import re

import pytest

from tests.architecture.files import modules, texts

pytestmark = pytest.mark.slow  # one process reads all files, once
MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 40
LONGEST_LINE = 100
PRAGMA = re.compile(r"\s*# (?:type|noqa|nosec)\b.*$")
WRITTEN = (".py", ".js", ".css", ".html")


def test_no_file_is_longer_than_400_lines() -> None:
    sizes = {path: text.count("\n") for path, text in texts(*WRITTEN)}
    sizes |= {module.path: module.text.count("\n") for module in modules()}
    assert {path: lines for path, lines in sizes.items() if lines > MOST_LINES} == {}


def test_no_function_is_longer_than_40_lines() -> None:
    found = {
        f"{module.path}:{node.lineno} {node.name}": lines
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := length(node, module.path)) > MOST_LINES_OF_A_FUNCTION
    }
    assert found == {}


def test_no_line_is_longer_than_100_letters() -> None:
    found = [
        f"{path}:{number}"
        for path, text in [*texts(".js"), *((module.path, module.text) for module in modules())]
        for number, line in enumerate(text.splitlines(), 1)
        if len(PRAGMA.sub("", line)) > LONGEST_LINE
    ]
    assert found == []


def length(function: ast.FunctionDef | ast.AsyncFunctionDef, path: str) -> int:
    """Lines from def to end. A table written out is data, and a migration is a list of steps."""
    if path.startswith("migrations/versions/"):
        return 0
    lines = lines_of(function)
    if path.startswith("app/sandbox/shapes/"):
        tables = [lines_of(node) for node in ast.walk(function) if isinstance(node, ast.Dict)]
        lines -= max(tables, default=0)
    return lines


def lines_of(node: ast.stmt | ast.expr) -> int:
    return (node.end_lineno or 0) - node.lineno + 1
