"""Texts that are kept as files, so that a change of one is seen in a review.

UPDATE_SNAPSHOTS=1 writes them anew.
"""

from __future__ import annotations

import os
from pathlib import Path


def matches(path: Path, text: str) -> bool:
    """Whether a text is the one in the file; the assertion shows both where it is not."""
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    kept = path.read_text("utf-8") if path.exists() else ""
    assert text == kept, f"{path} differs; UPDATE_SNAPSHOTS=1 keeps the new text"
    return True
