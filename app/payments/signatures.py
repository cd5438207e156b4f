"""Whether a webhook comes from Stripe: the signature header, checked by wall time.

The SDK's own check takes signatures from the future, and raises what is no error of its own on
bytes that are not ASCII. ``secrets`` are several while an endpoint's secret is being rolled.
Source of the scheme: Stripe, "Verify webhook signatures manually".
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

TOLERANCE = 300  # seconds, before and after
LONGEST_HEADER = 4096


def is_genuine(*, body: bytes, header: str, secrets: Sequence[str], wall: datetime) -> bool:
    """Whether one of our secrets signed this body within the last and next five minutes."""
    timestamp, candidates = _parts(header)
    if timestamp is None or abs(wall.timestamp() - int(timestamp)) > TOLERANCE:
        return False
    message = timestamp.encode() + b"." + body
    for secret in filter(None, secrets):  # an empty secret would verify against anything
        expected = hmac.digest(secret.encode(), message, sha256).hex().encode()
        if any(hmac.compare_digest(expected, candidate) for candidate in candidates):
            return True
    return False


def _parts(header: str) -> tuple[str | None, list[bytes]]:
    """The time stamp as it stands there, and every signature of the scheme v1."""
    if len(header) > LONGEST_HEADER or not header.isascii():
        return None, []
    timestamp: str | None = None
    candidates = []
    for part in header.split(","):
        name, _, value = part.strip().partition("=")
        if name == "t" and timestamp is None and value.isdigit() and len(value) <= 12:
            timestamp = value
        elif name == "v1":
            candidates.append(value.encode())
    return timestamp, candidates
