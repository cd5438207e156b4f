"""A reader becomes a patron: the form, the payment, and what follows from it."""

from __future__ import annotations

from app.accounts.models import Account
from app.membership.models import Consent, Gift, Pledge, Receipt, SignUp
from tests.membership.counter import ANN, Counter


def test_a_reader_pays_and_is_a_patron_with_a_receipt(counter: Counter) -> None:
    account_id = counter.become_patron(amount="5")

    pledge = counter.pledge()
    assert (pledge.account_id, pledge.state, pledge.total) == (account_id, "active", 500)
    assert pledge.started_at == counter.clock()
    assert counter.sign_up().state == "paid"
    assert counter.one(Account).email == ANN
    assert counter.one(Receipt).number == 1
    assert len(counter.mails("welcome")) == 1
