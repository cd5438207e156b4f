"""What the tests of the public pages stand on: the same counter that takes pledges."""

from __future__ import annotations

from tests.membership.conftest import counter

__all__ = ["counter"]
