"""The worked case of the definitions: eight people, one month, every figure to the cent."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.db import Database
from app.core.money import Money
from app.membership import history, standing
from app.membership.models import Pledge
from app.reporting import movements, mrr
from app.reporting.models import Movement
from app.reporting.months import Month
from tests import founding
from tests.factories import make_account, make_gift, make_patron, make_seat

NOVEMBER = Month(2026, 11, "Europe/Kyiv")
BEFORE = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
END = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


@dataclass
class People:
    """Accounts by their letter."""

    ids: dict[str, int]

    def pledge(self, session: Session, letter: str) -> Pledge:
        mine = sa.select(Pledge).where(Pledge.account_id == self.ids[letter])
        return session.scalars(mine).one()


def set_state(
    session: Session,
    pledge: Pledge,
    *,
    state: str,
    at: datetime,
    total: int | None = None,
    reason: str | None = None,
) -> None:
    """Let a pledge be so from a moment on, as its settling would."""
    pledge.state = state
    pledge.amount = total or pledge.amount
    if state == "ended":
        pledge.ended_at, pledge.end_reason = at, reason
    session.flush()
    past = history.Past(session, [pledge.id])
    past.add(
        pledge.id, cause_key=f"test:{pledge.id}:{at}", effective_at=at, state=state,
        total=pledge.total, interval=pledge.interval, reason=reason,
    )  # fmt: skip
    past.write()
    history.tell(session, pledge.account_id)


@pytest.fixture
def people(db: Database) -> People:
    during = NOVEMBER.start + timedelta(days=9)
    with db.transaction() as session:
        founding.found(session, now=BEFORE)
        ids = {
            "A": make_patron(session, now=during, amount=500),
            "B": make_patron(session, now=BEFORE, amount=4800, interval="year"),
            "C": make_patron(session, now=BEFORE, amount=1000),
            "D": make_patron(session, now=BEFORE, amount=300),
            "E": make_patron(session, now=BEFORE, amount=400),
            "F": make_account(session, now=BEFORE),
            "G": make_account(session, now=BEFORE),
            "H": make_patron(session, now=BEFORE, amount=800),
            "I": make_patron(session, now=BEFORE, amount=200),
        }
        made = People(ids)
        make_seat(session, now=BEFORE, account_id=ids["F"])
        make_gift(session, now=BEFORE, account_id=ids["G"], amount=5000)
        set_state(session, made.pledge(session, "B"), state="active", at=during, total=6000)
        risky = made.pledge(session, "C")
        risky.past_due_since = END - timedelta(days=6)
        set_state(session, risky, state="past_due", at=END - timedelta(days=6))
        made.pledge(session, "D").cancels_at = END + timedelta(days=4)
        set_state(session, made.pledge(session, "E"), state="paused", at=during)
        unpaid = made.pledge(session, "H")
        left = NOVEMBER.start - timedelta(days=20)
        set_state(session, unpaid, state="ended", at=left, reason="involuntary")
        gone = made.pledge(session, "I")
        set_state(session, gone, state="ended", at=during, reason="involuntary")
    return made


def test_the_figures_at_the_end_of_the_month(db: Database, people: People) -> None:
    with db.reading() as session:
        assert mrr.active_patrons(mrr.standing(session, at=END)) == 4
        assert standing.count_active(session, END) == 4
        assert mrr.mrr(session, at=END, currency="EUR") == Money(2300, "EUR")
        assert mrr.at_risk(session, currency="EUR") == (1, Money(1000, "EUR"))
        assert mrr.committed(session, at=END, currency="EUR") == Money(2000, "EUR")
        assert mrr.arpu(session, at=END, currency="EUR") == Money(575, "EUR")


def test_the_members_in_good_standing(db: Database, people: People) -> None:
    with db.reading() as session:
        found = set(session.scalars(standing.good_standing_ids(session, END)))
    assert {letter for letter, number in people.ids.items() if number in found} == set("ABCDFG")


def test_the_months_account_closes(db: Database, people: People) -> None:
    with db.reading() as session:
        [account] = mrr.accounts(session, months=[NOVEMBER], currency="EUR")
    assert account.start == Money(2300, "EUR")
    assert account.end == Money(2300, "EUR")
    amounts = {line.kind: line.amount.minor for line in account.lines if line.people}
    assert amounts == {"new": 500, "expansion": 100, "paused": -400, "churn": -200}


def test_who_comes_back_in_another_currency_is_back_and_not_new(
    db: Database, people: People
) -> None:
    with db.transaction() as session:
        pledge = Pledge(
            ref="in dollars", account_id=people.ids["I"], interval="month", currency="USD",
            amount=300, fee_cover=0, state="active", created_at=END, started_at=END,
        )  # fmt: skip
        session.add(pledge)
        set_state(session, pledge, state="active", at=END)

    with db.reading() as session:
        [account] = mrr.accounts(session, months=[NOVEMBER], currency="USD")
        assert movements.wrong(session) == []
    assert {line.kind: line.people for line in account.lines if line.people} == {"reactivation": 1}
    assert account.end == Money(300, "USD")


def test_the_movements_know_their_reason_and_can_be_recomputed(
    db: Database, people: People
) -> None:
    def rows() -> list[tuple[object, ...]]:
        columns = (Movement.account_id, Movement.occurred_at, Movement.kind, Movement.delta,
                   Movement.value_after, Movement.reason)  # fmt: skip
        with db.reading() as session:
            found = session.execute(sa.select(*columns).order_by(*columns[:2]))
            return [tuple(row) for row in found]

    before = rows()
    assert ("churn", "involuntary") in {(row[2], row[5]) for row in before}
    with db.transaction() as session:
        session.execute(sa.update(Movement).where(Movement.kind == "new").values(delta=1))
        session.execute(sa.delete(Movement).where(Movement.kind == "churn"))
    with db.reading() as session:
        assert movements.wrong(session)
    assert movements.rebuild(db, actor_id=None, now=END) > 0
    assert rows() == before
    with db.reading() as session:
        assert movements.wrong(session) == []


def test_months_close_into_each_other_to_the_cent_even_with_thirds(db: Database) -> None:
    months = [NOVEMBER]
    for _ in range(5):
        months.insert(0, months[0].previous())
    with db.transaction() as session:
        for number, month in enumerate(months):
            for day in range(7):
                at = month.start + timedelta(days=day + 1)
                make_patron(session, now=at, amount=1000 + number + day, interval="year")
    with db.reading() as session:
        accounts = mrr.accounts(session, months=months, currency="EUR")
        last = mrr.mrr(session, at=NOVEMBER.end, currency="EUR")
        patrons = mrr.patrons_by_month(session, months=months)
    for earlier, later in itertools.pairwise(accounts):
        assert earlier.end == later.start
    for account in accounts:
        moved = sum(line.amount.minor for line in account.lines)
        assert account.start.minor + moved == account.end.minor
    assert accounts[-1].end == last
    assert patrons == [7, 14, 21, 28, 35, 42]
