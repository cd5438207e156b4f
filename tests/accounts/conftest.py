"""What the tests of signing in stand on."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.accounts.door import Door
from tests.clocks import FixedClock


@pytest.fixture
def door(app: Flask, clock: FixedClock) -> Door:
    """A founded newsroom in which Daryna has an account."""
    made = Door(app, clock)
    made.found()
    made.person()
    return made
