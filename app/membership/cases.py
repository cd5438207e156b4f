"""What is at hand about one sign-up while it is settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.statements import Plain
from app.membership.facts import Facts
from app.payments.changes import Change


class Draft(Plain):
    """A sign-up or a pledge as a plain row, until it is settled and written."""

    @property
    def total(self) -> int:
        """What one charge takes."""
        return int(self.amount + self.fee_cover)


@dataclass(frozen=True, slots=True)
class Case:
    """A sign-up of which there is something to keep; its row and the account's are locked."""

    sign_up: Draft
    account: Plain
    facts: Facts
    told: Sequence[Change]  # what was just told of it, in the order in which it was so

    @property
    def ref(self) -> str:
        """What its objects at Stripe carry."""
        return str(self.sign_up.ref)
