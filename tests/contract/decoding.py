"""Decode what travels: the form encoding of Stripe's API, nested by brackets."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

KEY = re.compile(r"[^\[\]]+|\[[^\[\]]*\]")


class UnreadableForm(ValueError):
    """A form whose names contradict each other, such as ``a=1&a[b]=2``."""


def decode_form(text: str) -> dict[str, Any]:
    """Read ``a[b][0]=x`` as ``{"a": {"b": {"0": "x"}}}``; ``a[]=x`` is numbered in order.

    Lists stay numbered entries: only their type tells them from free names.
    """
    form: dict[str, Any] = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        parts = [part.strip("[]") for part in KEY.findall(key)]
        inner = form
        for part in parts[:-1]:
            inner = inner.setdefault(part, {})
            if not isinstance(inner, dict):
                raise UnreadableForm(f"{key} is both a value and a group")
        last = parts[-1] if parts and parts[-1] else str(len(inner))
        if isinstance(inner.get(last), dict):
            raise UnreadableForm(f"{key} is both a value and a group")
        inner[last] = value
    return form
