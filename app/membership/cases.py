"""What is at hand about one sign-up while it is settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.accounts.models import Account
from app.membership.facts import Facts
from app.membership.models import SignUp
from app.payments.changes import Change


@dataclass(frozen=True, slots=True)
class Case:
    """A sign-up of which there is something to keep; its row and the account's are locked."""

    sign_up: SignUp
    account: Account
    facts: Facts
    told: Sequence[Change]  # what was just told of it, in the order in which it was so

    @property
    def ref(self) -> str:
        """What its objects at Stripe carry."""
        return self.sign_up.ref
