"""Rules of the house that no linter knows."""

from __future__ import annotations

import ast
import hashlib
import json
import re

import pytest

from app.core.settings import Settings
from tests.architecture.files import ROOT, imports, modules, texts

pytestmark = pytest.mark.slow  # one process reads all files, once
MAY_COMMIT = {"app/core/db.py", "app/sandbox/store.py"}
# Written in two halves, so that this file does not name them.
REGISTRIES = ["pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "debian" + ".org/debian"]
LATER = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b(?!\s*\(\d{4}-\d\d-\d\d\): \S)")
FORM = re.compile(r"<form\b(?P<head>[^>]*)>(?P<body>.*?)</form>", re.DOTALL)
POSTS = re.compile(r"""method=["']?post""", re.IGNORECASE)
TOKEN = re.compile(r"csrf_token|hidden_tag\(\)|csrf\(\)")
ADVISORY = re.compile(r"^[A-Z_]+ = (7_201_\d{3})$", re.MULTILINE)
INLINE = re.compile(r"""\sstyle=|\son[a-z]+=["']|<script(?![^>]*\ssrc=)[^>]*>|<style\b""")
# Blocks of data that a browser never runs.
DATA = re.compile(r"""<script[^>]*\btype=["']application/(?:ld\+)?json["'][^>]*>""")


def test_only_the_database_modules_end_transactions() -> None:
    found = [
        f"{module.path}:{node.lineno} {node.func.attr}"
        for module in modules("app/")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"commit", "rollback"}
        and module.path not in MAY_COMMIT
    ]
    assert found == []


def test_the_stripe_sdk_is_imported_in_one_file() -> None:
    found = {
        module.path
        for module in modules("app/")
        for name, _ in imports(module)
        if name.split(".")[0] == "stripe"
    }
    assert found <= {"app/payments/gateway.py"}


def test_every_setting_is_documented_and_nothing_else() -> None:
    text = (ROOT / "docs" / "settings.md").read_text("utf-8")
    documented = set(re.findall(r"^\| `([A-Z_]+)`", text, re.MULTILINE))
    assert documented == {name.upper() for name in Settings.model_fields}


def test_no_file_names_the_host_of_a_registry() -> None:
    found = [path for path, text in texts() if any(host in text for host in REGISTRIES)]
    assert found == []


def test_no_two_locks_of_the_database_have_one_number() -> None:
    found = [number for _, text in texts(".py") for number in ADVISORY.findall(text)]
    assert len(found) > 3
    assert len(set(found)) == len(found)


def test_the_locks_carry_hashes_and_no_address() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text("utf-8")
        pins = re.findall(r"^([a-z0-9-]+)==.*?(?=^[a-z0-9]|\Z)", text, re.MULTILINE | re.DOTALL)
        assert len(pins) > 30
        assert "://" not in text
        assert text.count("--hash=sha256:") >= len(pins)


def test_what_is_left_for_later_has_a_date_and_a_reason() -> None:
    found = [
        f"{path}:{number}"
        for path, text in texts(".py", ".html", ".js", ".css", ".md", ".toml", "")
        for number, line in enumerate(text.splitlines(), 1)
        if LATER.search(line)
    ]
    assert found == []


def test_every_form_that_posts_has_a_token() -> None:
    found = [
        path
        for path, text in texts(".html")
        if path.startswith("templates/")
        for form in FORM.finditer(text)
        if POSTS.search(form["head"]) and not TOKEN.search(form["body"])
    ]
    assert found == []


def test_no_page_has_inline_script_or_style() -> None:
    found = [
        f"{path}: {match[0]}"
        for path, text in texts(".html")
        if path.startswith("templates/") and not path.startswith("templates/emails/")
        for match in INLINE.finditer(DATA.sub("", text))
    ]
    assert found == []


def test_vendored_files_are_those_that_were_recorded() -> None:
    fonts = ROOT / "app" / "static" / "fonts"
    recorded = {
        file["name"]: file["sha256"]
        for file in json.loads((fonts / "vendored.json").read_text())["files"]
    }
    here = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in fonts.glob("*.woff2")
    }
    assert here == recorded
