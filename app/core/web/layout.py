"""What every page can print: menus, dates in the newsroom's zone, files that never go stale."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask

from app.core import i18n
from app.core.web.access import way_to
from app.core.web.nav import nav


def install(app: Flask) -> None:
    """Give templates the menus and formats, and static addresses their contents' hash."""
    app.context_processor(lambda: {"nav": nav})
    app.jinja_env.globals["way_to"] = way_to
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    folder = Path(str(app.static_folder))

    @app.url_defaults
    def _version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and "filename" in values:
            values.setdefault("v", _hash_of(folder / values["filename"]))

    @app.context_processor
    def _formats() -> dict[str, Any]:
        return {"date": i18n.date, "moment": i18n.moment, "time_of": i18n.time_of}


@cache
def _hash_of(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    except OSError:
        return "missing"
