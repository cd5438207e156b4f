"""What upper rooms would be told, and a subscription the mirror knows: fixtures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from app.payments import changes
from tests.payments.till import Till

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from app.payments.changes import Change
    from tests.clocks import FixedClock

Json = dict[str, Any]
UPDATED = "customer.subscription.updated"


@pytest.fixture(autouse=True)
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Change]:
    """What upper rooms are told, without them."""
    told: list[Change] = []

    def listen(_session: Session, changed: Sequence[Change]) -> None:
        told.extend(changed)

    monkeypatch.setattr(changes, "on_change", [listen])
    return told


@pytest.fixture
def known(till: Till, clock: FixedClock) -> Json:
    """A subscription that the mirror has had for an hour, as Stripe has it."""
    bought = till.buy()
    till.catch_up()
    clock.advance(hours=1)
    till.sandbox.counts(reset=True)
    found = till.gateway.retrieve("subscription", bought["subscription"])
    till.sandbox.counts(reset=True)
    assert found is not None
    return found
