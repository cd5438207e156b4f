"""A pledge that is stopped while its money is on its way: it never began, and all goes back."""

from __future__ import annotations

import pytest

from app.membership import standing
from app.membership.models import Pledge
from app.reporting.models import Movement
from tests.membership.counter import BAD_DEBIT, DEBIT, Counter
from tests.membership.test_over import money


def test_a_debit_that_arrives_after_the_stop_goes_back(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[object] = []
    monkeypatch.setattr(standing, "on_lost", [lambda *what: lost.append(what)])
    counter.sandbox.pay(counter.begin(amount="5"), DEBIT, name="Ann")
    counter.settle()
    reader = counter.signed_in()
    assert "Your payment is on its way already." in reader.get("/account/stop").text
    assert reader.submit("/account/stop").status_code == 303
    counter.settle()
    assert (counter.pledge().state, counter.pledge().end_reason) == ("ended", "voluntary")

    for _ in range(5):
        counter.pass_days(1)

    pledge = counter.pledge(Pledge.state == "ended")
    assert (pledge.started_at, pledge.end_reason) == (None, "voluntary")
    assert money(counter) == [(500, 500)]
    assert counter.count(Movement) == 0
    assert lost == [], "what goes back was never theirs to vote with"
    (told,) = counter.mails("pledge_stopped")
    assert "It is over, and nothing is tried again." in told.text
    assert "/manage/" not in told.text
    (back,) = counter.mails("second_pledge")
    assert back.subject == "We sent your payment back"
    for kind in ("payment_failed", "welcome", "receipt"):
        assert counter.mails(kind) == []


def test_a_debit_that_bounces_after_the_stop_is_not_told(counter: Counter) -> None:
    counter.sandbox.pay(counter.begin(amount="5"), BAD_DEBIT, name="Ann")
    counter.settle()
    counter.signed_in().submit("/account/stop")
    for _ in range(5):
        counter.pass_days(1)

    assert counter.pledge().state == "ended"
    assert len(counter.mails("pledge_stopped")) == 1
    assert counter.mails("payment_failed") == counter.mails("second_pledge") == []


def test_who_stops_what_failed_is_told_so_by_mail(counter: Counter) -> None:
    counter.become_patron(amount="5", after_first="insufficient_funds")
    counter.clock.advance(days=32)
    counter.settle()
    assert counter.pledge().state == "past_due"

    counter.signed_in().submit("/account/stop")
    counter.settle()

    assert (counter.pledge().state, counter.pledge().end_reason) == ("ended", "voluntary")
    assert counter.pledge().started_at is not None
    assert len(counter.mails("pledge_stopped")) == 1
    assert money(counter) == [(500, 0)]
