"""Who counts as a patron and who may vote: the worked case, and its edges."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.db import Database
from app.membership import standing
from app.membership.models import Pledge
from tests import factories, founding
from tests.clocks import START


@pytest.fixture
def session(db: Database) -> Any:
    """A founded newsroom, in one transaction."""
    with db.transaction() as opened:
        founding.found(opened, now=START)
        yield opened


def give(session: Session, name: str, amount: int, **facts: Any) -> int:
    """A person with a pledge as described; gives the account."""
    account_id = factories.make_account(session, now=START, email=f"{name}@example.org")
    values = {
        "ref": str(uuid.uuid4()), "account_id": account_id, "interval": "month", "currency": "EUR",
        "amount": amount, "fee_cover": 0, "state": "active", "created_at": START,
        "started_at": START, "paid_through": START + timedelta(days=20),
    }  # fmt: skip
    session.add(Pledge(**(values | facts)))
    session.flush()
    return account_id


def worked_case(session: Session) -> dict[str, int]:
    """The people of the definitions, A to H, as they stand at the month's end."""
    people = {
        "A": give(session, "a", 500),
        "B": give(session, "b", 6000, interval="year"),
        "C": give(session, "c", 1000, state="past_due", past_due_since=START - timedelta(days=6)),
        "D": give(session, "d", 300, cancels_at=START + timedelta(days=20)),
        "E": give(session, "e", 400, state="paused"),
        "F": factories.make_account(session, now=START),
        "G": factories.make_account(session, now=START),
        "H": give(session, "h", 800, state="ended", ended_at=START - timedelta(days=40)),
    }
    factories.make_seat(session, now=START - timedelta(days=1), account_id=people["F"])
    factories.make_gift(session, now=START - timedelta(days=9), account_id=people["G"])
    return people


def is_active_patron(session: Session, account_id: int) -> bool:
    return account_id in set(session.scalars(standing.active_patron_ids(session, START)))


def test_the_worked_case_has_four_active_patrons_and_six_who_may_vote(session: Session) -> None:
    people = worked_case(session)

    active = set(session.scalars(standing.active_patron_ids(session, START)))
    good = set(session.scalars(standing.good_standing_ids(session, START)))

    assert active == {people[name] for name in "ABCD"}
    assert good == {people[name] for name in "ABCDFG"}
    assert standing.count_active(session, START) == 4


def test_asking_about_one_person_agrees_with_the_lists(session: Session) -> None:
    for name, account_id in worked_case(session).items():
        assert is_active_patron(session, account_id) == (name in "ABCD")
        assert standing.in_good_standing(session, account_id, START) == (name in "ABCDFG")


@pytest.mark.parametrize(("days", "counts"), [(29, True), (30, False), (31, False)])
def test_past_due_counts_for_thirty_days(session: Session, days: int, counts: bool) -> None:
    since = START - timedelta(days=days)
    account_id = give(session, "late", 500, state="past_due", past_due_since=since)

    assert is_active_patron(session, account_id) is counts
    assert standing.in_good_standing(session, account_id, START) is counts


def test_a_pledge_that_is_not_paid_yet_gives_nothing(session: Session) -> None:
    account_id = give(session, "waiting", 500, state="pending", started_at=None)

    assert not standing.in_good_standing(session, account_id, START)


def test_a_charge_that_went_back_takes_the_vote_and_not_the_patron(session: Session) -> None:
    account_id = give(session, "back", 500, returned_at=START)

    assert is_active_patron(session, account_id)
    assert not standing.in_good_standing(session, account_id, START)


def test_gifts_and_seats_run_out(session: Session) -> None:
    given = factories.make_account(session, now=START)
    factories.make_gift(session, now=START, account_id=given, days=365)
    seated = factories.make_account(session, now=START)
    factories.make_seat(session, now=START, account_id=seated, days=30)

    for account_id, days in ((given, 365), (seated, 30)):
        almost, over = START + timedelta(days=days, seconds=-1), START + timedelta(days=days)
        assert standing.in_good_standing(session, account_id, almost)
        assert not standing.in_good_standing(session, account_id, over)


def test_a_seat_does_not_count_before_it_begins(session: Session) -> None:
    account_id = factories.make_account(session, now=START)
    factories.make_seat(session, now=START + timedelta(days=1), account_id=account_id)

    assert not standing.in_good_standing(session, account_id, START)


def another() -> dict[str, Any]:
    """A pledge that waits for its first charge."""
    return {
        "ref": str(uuid.uuid4()), "interval": "month", "currency": "EUR", "amount": 300,
        "fee_cover": 0, "state": "pending", "created_at": START,
    }  # fmt: skip


def test_the_database_lets_one_pledge_of_a_person_run(session: Session) -> None:
    account_id = give(session, "one", 500)
    session.execute(sa.insert(Pledge).values(account_id=account_id, **another()))

    runs = another() | {"state": "active", "started_at": START}
    with pytest.raises(IntegrityError, match=r"(?i)unique"), session.begin_nested():
        session.execute(sa.insert(Pledge).values(account_id=account_id, **runs))


def test_the_database_lets_nothing_count_that_was_not_paid(session: Session) -> None:
    with pytest.raises(IntegrityError, match=r"(?i)started"), session.begin_nested():
        give(session, "never", 500, started_at=None)
