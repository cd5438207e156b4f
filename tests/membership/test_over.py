"""A pledge that ended for us may live on at Stripe: what it paid stays, what comes goes back."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.membership.models import Pledge, PledgeChange
from app.newsroom.models import Newsroom
from app.reporting.models import Movement
from tests.membership.counter import GOOD, Counter

NO_FUNDS = "insufficient_funds"


@pytest.fixture
def lapsed(counter: Counter) -> Counter:
    """Ann gave twice; then her card failed for longer than the grace, and Stripe still tries."""
    counter.sandbox.knobs(retry_days=[3, 20, 20, 20])
    with counter.db.transaction() as session:
        session.execute(sa.update(Newsroom).values(grace_days=7))
    counter.become_patron(amount="5")
    counter.clock.advance(days=32)
    counter.settle()
    counter.sandbox.behave(counter.sandbox_list("customer")[0]["id"], NO_FUNDS)
    counter.clock.advance(days=30)
    counter.settle()
    counter.pass_days(8)
    pledge = counter.pledge()
    assert (pledge.state, pledge.end_reason) == ("ended", "involuntary")
    return counter


def money(counter: Counter) -> list[tuple[int, int]]:
    """Each charge that succeeded, and what went back of it, oldest first."""
    charges = sorted(counter.sandbox_list("charge"), key=lambda charge: charge["created"])
    return [(one["amount"], one["amount_refunded"]) for one in charges if one["paid"]]


def history(counter: Counter) -> list[tuple[str, str]]:
    with counter.db.reading() as session:
        rows = session.scalars(sa.select(Movement).order_by(Movement.occurred_at))
        return [(row.kind, row.occurred_at.date().isoformat()) for row in rows]


def test_who_joins_anew_after_grace_keeps_what_the_first_pledge_paid(lapsed: Counter) -> None:
    before, ended_at = history(lapsed), lapsed.pledge().ended_at

    lapsed.become_patron(amount="10")

    old = lapsed.pledge(Pledge.state == "ended")
    assert (old.ended_at, old.end_reason) == (ended_at, "involuntary")
    assert money(lapsed) == [(500, 0), (500, 0), (1000, 0)]
    statuses = [row["status"] for row in lapsed.sandbox_list("subscription")]
    assert sorted(statuses) == ["active", "canceled"]
    assert history(lapsed)[: len(before)] == before
    assert [kind for kind, _ in history(lapsed)] == ["new", "churn", "reactivation"]


def test_an_old_try_that_succeeds_meanwhile_goes_back_and_nothing_else(lapsed: Counter) -> None:
    """Stripe is silent to us, so the old subscription could not be ended in time."""
    old = lapsed.pledge()
    lapsed.sandbox.fault("503", path=f"/v1/subscriptions/{old.subscription_id}", requests=1000)
    lapsed.become_patron(amount="10")
    customer = lapsed.sandbox_list("subscription")[0]["customer"]
    lapsed.clock.advance(minutes=1)
    lapsed.sandbox.replace_method(customer, GOOD, pay_open=True)
    lapsed.settle()
    lapsed.sandbox.clear_faults()
    for _ in range(3):
        lapsed.pass_days(1)

    assert money(lapsed) == [(500, 0), (500, 0), (1000, 0), (500, 500)]
    ended = lapsed.pledge(Pledge.state == "ended")
    assert (ended.started_at, ended.ended_at) == (old.started_at, old.ended_at)
    assert ended.end_reason == "involuntary"
    assert lapsed.pledge(Pledge.state == "active").total == 1000
    assert [kind for kind, _ in history(lapsed)] == ["new", "churn", "reactivation"]
    late = PledgeChange.effective_at > ended.ended_at
    states = (PledgeChange.pledge_id == ended.id, PledgeChange.state == "active", late)
    assert lapsed.count(PledgeChange, *states) == 0
    (mail,) = lapsed.mails("second_pledge")
    assert mail.subject == "We sent your payment back"
    assert "This pledge was over." in mail.text
    assert "10\u00a0€ a month goes on" in mail.text.replace("\n", " ")
    assert len(lapsed.mails("receipt")) == 1, "nobody is thanked for what goes back"
