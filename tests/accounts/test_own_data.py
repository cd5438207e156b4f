"""A person's own data: given out whole, and forgotten for good."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.accounts import erasing, exporting
from app.accounts.models import Account
from app.core.audit import AuditEntry
from app.core.clock import wall_clock
from app.core.errors import NotFound
from app.mail.models import OutboxMessage
from tests.accounts.door import DARYNA, Door, is_in
from tests.reading import Reader


def erase(door: Door, account_id: int) -> None:
    with door.db.transaction() as session:
        erasing.erase(session, account_id=account_id, actor_id=None, now=door.clock())


def test_an_export_has_the_account_its_devices_and_what_upper_rooms_know(
    door: Door, client: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.let_in(client)
    [daryna] = door.all(Account)
    monkeypatch.setitem(exporting.on_export, "votes", lambda _, account_id: [account_id])
    with door.db.reading() as session:
        data = exporting.export(session, account_id=daryna.id, wall=wall_clock())
    assert json.loads(json.dumps(data)) == data
    assert data["account"]["email"] == DARYNA
    assert len(data["devices"]) == 1
    assert data["votes"] == [daryna.id]


def test_an_erased_person_has_no_name_no_session_and_no_mails(door: Door, client: Reader) -> None:
    door.let_in(client)
    door.ask(door.browser())
    door.work()
    [daryna] = door.all(Account)
    erase(door, daryna.id)
    [gone] = door.all(Account)
    assert (gone.email, gone.email_key, gone.name) == (None, None, None)
    assert gone.erased_at == door.clock()
    assert not is_in(client)
    assert door.rows()["login_session"] == door.rows()["sign_in_request"] == 0
    assert {(mail.state, mail.to_address) for mail in door.all(OutboxMessage)} == {("scrubbed", "")}
    [entry] = door.all(AuditEntry)
    assert (entry.action, entry.subject) == ("account.erased", f"account:{daryna.id}")


def test_upper_rooms_forget_while_the_address_can_still_be_looked_for(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    forget = lambda session, account, now: seen.append((account.email, now))  # noqa: E731
    monkeypatch.setattr(erasing, "on_erase", [forget])
    [daryna] = door.all(Account)
    erase(door, daryna.id)
    erase(door, daryna.id)
    assert seen == [(DARYNA, door.clock())]


def test_the_same_address_is_a_new_person_afterwards(door: Door) -> None:
    [daryna] = door.all(Account)
    erase(door, daryna.id)
    assert door.person(DARYNA) != daryna.id


def test_staff_are_not_erased_and_nobody_is_not_there(door: Door) -> None:
    account_id = door.staff("editor@ledger.example", "editor")
    with pytest.raises(erasing.StillStaff):
        erase(door, account_id)
    with pytest.raises(NotFound):
        erase(door, 99)
    with pytest.raises(NotFound), door.db.reading() as session:
        exporting.export(session, account_id=99, wall=wall_clock())
