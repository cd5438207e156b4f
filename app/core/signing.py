"""Secrets that travel: random tokens of which we keep a hash, and signed values that expire.

All of it uses wall time: a rehearsed month must not open an old link.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from itsdangerous import BadSignature, URLSafeTimedSerializer

from app.core.settings import Settings


def new_token() -> str:
    """A random 256-bit secret for an address or a cookie."""
    return secrets.token_urlsafe(32)


def new_code() -> str:
    """Six random digits for a person to type."""
    return f"{secrets.randbelow(1_000_000):06d}"


def fingerprint(secret: str) -> str:
    """What the database keeps of a random token instead of the token."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same(one: str, other: str) -> bool:
    """Compare secrets without telling by time where they differ."""
    return secrets.compare_digest(one.encode(), other.encode())


class Signer:
    """Signs small values for one purpose; old keys still verify while they are rolled."""

    def __init__(self, settings: Settings, purpose: str) -> None:
        keys = [*reversed(settings.secret_key_fallbacks), settings.secret_key]
        self._serializer = URLSafeTimedSerializer(keys, salt=f"patron-desk:{purpose}")

    def sign(self, value: Any) -> str:
        return str(self._serializer.dumps(value))

    def read(self, token: str, *, max_age: int) -> Any | None:
        """The signed value, or None where it was changed, foreign or older than ``max_age`` s."""
        try:
            return self._serializer.loads(token, max_age=max_age)
        except BadSignature:
            return None
