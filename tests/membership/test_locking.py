"""Who waits for whom on PostgreSQL: everybody takes their locks in one order, and no more.

Each test looks from beside, in the middle of a transaction, at what that holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts import erasing, people
from app.accounts.models import Account
from app.membership import history, leaving, pledging, settling
from app.membership.models import Pledge
from app.payments import changes
from app.payments.models import StripeRequest
from tests.membership.counter import ANN, Counter

pytestmark = pytest.mark.parametrize("engine_name", ["postgresql"])  # SQLite has one writer


def is_free(counter: Counter, row: sa.Select[Any], *, only_key: bool = False) -> bool:
    """Whether somebody else could lock this row now."""
    beside = row.with_for_update(skip_locked=True, read=only_key, key_share=only_key)
    with counter.db.engine.connect() as connection:
        return connection.execute(beside).first() is not None


def settle(counter: Counter) -> None:
    ref = counter.pledge().ref
    with counter.db.transaction() as session:
        settling.settle(session, {ref: ()}, now=counter.clock())


def test_a_pledge_is_settled_under_its_lock_so_that_no_stop_is_lost(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter.become_patron(amount="5")
    seen: list[bool] = []

    class Past(history.Past):
        """Read between the pledge and what is made of it."""

        def __init__(self, session: Session, pledge_ids: Sequence[int]) -> None:
            super().__init__(session, pledge_ids)
            seen.append(is_free(counter, sa.select(Pledge.id)))

    monkeypatch.setattr(pledging, "Past", Past)
    settle(counter)

    assert seen == [False]


def test_whose_pledge_is_settled_can_vote_and_sign_in_meanwhile(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that point at a person lock their key, which settling does not change."""
    counter.become_patron(amount="5")
    seen: list[tuple[bool, bool]] = []

    class Past(history.Past):
        def __init__(self, session: Session, pledge_ids: Sequence[int]) -> None:
            super().__init__(session, pledge_ids)
            person = sa.select(Account.id).where(Account.email == ANN)
            pointed_at = is_free(counter, person, only_key=True)
            seen.append((pointed_at, is_free(counter, person)))

    monkeypatch.setattr(pledging, "Past", Past)
    settle(counter)

    assert seen == [(True, False)]


def test_what_was_asked_is_done_after_the_pledge_as_it_is_asked_after_it(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who changes a pledge locks it first and then overtakes what else was asked."""
    counter.become_patron(amount="5")
    seen: list[bool] = []

    def before(session: Session, _changed: Sequence[changes.Change]) -> None:
        seen.append(is_free(counter, sa.select(StripeRequest.id).where(mine)))

    mine = StripeRequest.action == "subscription.stop_at_period_end"
    monkeypatch.setattr(changes, "on_change", [before, *changes.on_change])
    gateway = counter.work.services["gateway"]
    leaving.stop(counter.db, gateway, ref=counter.pledge().ref, now=counter.clock())

    assert seen == [True]
    assert counter.one(StripeRequest, mine).state == "done"


def test_who_is_erased_is_locked_after_what_they_sent_as_they_are_when_it_is_settled(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = counter.become_patron(amount="5")
    person = sa.select(Account.id).where(Account.id == account_id)
    seen: list[bool] = []

    def after(_session: Session, _account: Account, _now: object) -> None:
        seen.append(is_free(counter, person))

    monkeypatch.setattr(erasing, "on_erase", [*erasing.on_erase, after])
    with counter.db.transaction() as session:
        erasing.erase(session, account_id=account_id, actor_id=None, now=counter.clock())
        seen.append(is_free(counter, person))

    assert seen == [True, False]
    with counter.db.reading() as session:
        assert people.by_email(session, ANN) is None
