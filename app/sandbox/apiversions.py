"""Names of API versions, and where the shapes changed."""

from __future__ import annotations

import re

MOVED = "2025-03-31"  # from "basil" on, subscriptions and invoices look as today
FORM = re.compile(r"20\d\d-[01]\d-[0-3]\d(\.[a-z]+)?")


def is_version(text: str) -> bool:
    """Whether a text has the form of an API version."""
    return FORM.fullmatch(text) is not None


def is_old(version: str | None) -> bool:
    """Whether objects have their old fields at this version."""
    return version is not None and version[:10] < MOVED
