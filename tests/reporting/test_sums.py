"""The sums that the database keeps of movements are what adding up every movement gives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
import sqlalchemy as sa

from app.core.db import Database
from app.core.money import Money, round_half_up
from app.reporting import checks, mrr
from app.reporting.models import Movement, MovementDay
from app.reporting.months import last_months
from tests.factories import make_account

END = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
KINDS = ("new", "expansion", "contraction", "churn", "paused", "resumed", "reactivation")
PEOPLE, EACH, DAYS = 12, 25, 150


@pytest.fixture
def moved(db: Database) -> list[Movement]:
    """Five months of movements in two currencies, at any second, some on a month's last hour."""
    chance = Random(7)
    edge = last_months(END, "Europe/Kyiv", 2)[1].start
    with db.transaction() as session:
        people = [make_account(session, now=END) for _ in range(PEOPLE)]
        rows = [
            Movement(
                account_id=person,
                currency=chance.choice(("EUR", "UAH")),
                occurred_at=END - timedelta(seconds=chance.randrange(DAYS * 86400)),
                kind=chance.choice(KINDS),
                delta=chance.choice((-600, 1, 6000)),
                value_after=0,
                reason=None,
            )
            for person in people
            for _ in range(EACH)
        ]
        rows[0].occurred_at, rows[1].occurred_at = edge, edge - timedelta(microseconds=1)
        session.add_all(rows)
    return rows


def people(rows: list[Movement], at: datetime, currency: str | None = None) -> int:
    steps = dict.fromkeys(mrr.JOINS, 1) | dict.fromkeys(mrr.LEAVES, -1)
    return sum(
        steps.get(row.kind, 0)
        for row in rows
        if row.occurred_at < at and currency in (None, row.currency)
    )


def value(rows: list[Movement], at: datetime, currency: str) -> Money:
    mine = [r.delta for r in rows if r.occurred_at < at and r.currency == currency]
    return Money(round_half_up(sum(mine), mrr.PER_UNIT), currency)


def test_at_any_instant_people_and_mrr_are_the_sum_of_what_moved_before(
    db: Database, moved: list[Movement]
) -> None:
    chance = Random(8)
    instants = [END - timedelta(seconds=chance.randrange(DAYS * 86400)) for _ in range(15)]
    exact = [moved[0].occurred_at, moved[2].occurred_at, moved[3].occurred_at]
    with db.reading() as session:
        for at in [*instants, *exact, END, END - timedelta(days=2 * DAYS)]:
            assert mrr.active_patrons(mrr.standing(session, at=at)) == people(moved, at)
            for currency in ("EUR", "UAH", "USD"):
                assert mrr.mrr(session, at=at, currency=currency) == value(moved, at, currency)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Kyiv", "Asia/Kathmandu"])
def test_months_end_where_the_newsroom_is(db: Database, moved: list[Movement], zone: str) -> None:
    months = last_months(END, zone, 7)
    with db.reading() as session:
        assert mrr.patrons_by_month(session, months=months) == [
            people(moved, month.end) for month in months
        ]
        accounts = mrr.accounts(session, months=months[3:], currency="EUR")
    assert [one.start for one in accounts] == [value(moved, m.start, "EUR") for m in months[3:]]
    assert [one.end for one in accounts] == [value(moved, m.end, "EUR") for m in months[3:]]


def test_the_sums_follow_every_change_of_a_movement(db: Database, moved: list[Movement]) -> None:
    with db.transaction() as session:
        session.execute(sa.delete(Movement).where(Movement.id == moved[0].id))
        later = {"occurred_at": END, "currency": "UAH", "kind": "new", "delta": 77}
        session.execute(sa.update(Movement).where(Movement.id == moved[1].id).values(later))
    with db.reading() as session:
        assert checks.run(session, END)["Sums by day are a recount"] == []
        at = END + timedelta(seconds=1)
        left = [session.get_one(Movement, moved[1].id), *moved[2:]]
        assert mrr.mrr(session, at=at, currency="UAH") == value(left, at, "UAH")


def test_a_sum_that_is_none_is_noticed(db: Database, moved: list[Movement]) -> None:
    day = sa.select(sa.func.min(MovementDay.day)).scalar_subquery()
    with db.transaction() as session:
        session.execute(sa.delete(MovementDay).where(MovementDay.day == day))
    with db.reading() as session:
        assert checks.run(session, END)["Sums by day are a recount"]


def test_what_was_taken_back_was_not_summed(db: Database, moved: list[Movement]) -> None:
    with db.transaction() as session:
        session.execute(sa.delete(Movement))
        session.rollback()
    with db.reading() as session:
        assert mrr.active_patrons(mrr.standing(session, at=END)) == people(moved, END)
