"""What the rules have read is forgotten once they were held: trees slow every later test down."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.architecture import files


@pytest.fixture(scope="package", autouse=True)
def forget() -> Iterator[None]:
    """Let go of all trees at the end of the folder."""
    yield
    files.forget()
