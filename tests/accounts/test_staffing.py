"""Staff: roles given, changed and taken by admins, audited, told, and at once."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest

from app.accounts import staffing
from app.accounts.models import Account, LoginSession, StaffMember
from app.core.audit import AuditEntry, first_broken
from app.core.errors import NotFound
from app.mail.models import OutboxMessage
from tests.accounts.door import DARYNA, Door
from tests.reading import Reader
from tests.statements import statements

ADMIN, EDITOR = "admin@ledger.example", "editor@ledger.example"
STAFF = "/admin/staff"


@pytest.fixture
def admin(door: Door, client: Reader) -> Reader:
    """The only admin, at the desk."""
    door.staff(ADMIN, "admin")
    return door.let_in_staff(client, ADMIN)


def test_an_admin_adds_somebody_who_is_told_by_mail(door: Door, admin: Reader) -> None:
    answer = admin.submit(STAFF, {"email": EDITOR, "role": "editor"}, follow_redirects=True)
    assert "We wrote to them how to sign in" in answer.text
    assert EDITOR in answer.text
    assert "Second factor not set up yet" in answer.text
    [told] = [mail for mail in door.all(OutboxMessage) if mail.to_address == EDITOR]
    assert "topics, rounds and texts; no money" in told.text
    assert "http://localhost/admin/" in told.text


def test_every_change_is_audited_by_ids_only(door: Door, admin: Reader) -> None:
    admin.submit(STAFF, {"email": EDITOR, "role": "editor"})
    actor, editor = (account.id for account in door.all(Account) if account.email != DARYNA)
    admin.submit(f"{STAFF}/{editor}/role", {"role": "finance"}, at=STAFF)
    admin.submit(f"{STAFF}/{editor}/reset", at=STAFF)
    admin.submit(f"{STAFF}/{editor}/remove", at=STAFF)
    entries = door.all(AuditEntry)[2:]  # before: the admin, and the admin's app
    subject = f"account:{editor}"
    assert [(entry.actor_id, entry.action, entry.subject) for entry in entries] == [
        (actor, "staff.added", subject),
        (actor, "staff.role_changed", subject),
        (actor, "staff.second_factor_reset", subject),
        (actor, "staff.removed", subject),
    ]
    assert [entry.details for entry in entries] == [
        {"role": "editor"}, {"role": "finance", "was": "editor"}, {}, {"was": "finance"},
    ]  # fmt: skip
    with door.db.reading() as session:
        assert first_broken(session) is None


def test_the_only_admin_cannot_be_removed_or_demoted(door: Door, admin: Reader) -> None:
    me = next(account.id for account in door.all(Account) if account.email == ADMIN)
    for path, data in (
        (f"{STAFF}/{me}/remove", {}),
        (f"{STAFF}/{me}/role", {"role": "viewer"}),
        (STAFF, {"email": ADMIN, "role": "viewer"}),
    ):
        answer = admin.submit(path, data, at=STAFF)
        assert answer.status_code == 409
        assert "Somebody must stay admin" in answer.text
    assert admin.get(STAFF).status_code == 200


def test_a_suspended_admin_does_not_count(door: Door, admin: Reader) -> None:
    second = door.staff("second@ledger.example", "admin")
    with door.db.transaction() as session:
        session.get_one(Account, second).suspended_at = door.clock()
    me = next(account.id for account in door.all(Account) if account.email == ADMIN)
    assert admin.submit(f"{STAFF}/{me}/remove", at=STAFF).status_code == 409


def test_of_two_admins_one_may_go(door: Door, admin: Reader) -> None:
    door.staff("second@ledger.example", "admin")
    me = next(account.id for account in door.all(Account) if account.email == ADMIN)
    assert admin.submit(f"{STAFF}/{me}/remove", at=STAFF).status_code == 303
    assert admin.get(STAFF).location.startswith("/sign-in?")


def test_two_admins_who_remove_each_other_at_once_leave_one(door: Door) -> None:
    first = door.staff(ADMIN, "admin")
    second = door.staff("second@ledger.example", "admin")
    start = Barrier(2)
    refused: list[int] = []

    def remove(whom: int, by: int) -> None:
        start.wait()
        try:
            with door.db.transaction() as session:
                staffing.remove(session, account_id=whom, actor_id=by, now=door.clock())
        except staffing.LastAdmin:
            refused.append(whom)

    threads = [Thread(target=remove, args=pair) for pair in ((first, second), (second, first))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert [member.account_id for member in door.all(StaffMember)] == refused


def test_rights_go_at_once(door: Door, admin: Reader) -> None:
    editor_id = door.staff(EDITOR, "editor")
    editor = door.let_in_staff(door.browser(), EDITOR)
    assert editor.get("/admin/mail").status_code == 200
    admin.submit(f"{STAFF}/{editor_id}/remove", at=STAFF)
    assert editor.get("/admin/mail").location.startswith("/sign-in?")
    assert not [row for row in door.all(LoginSession) if row.account_id == editor_id
                and row.revoked_at is None]  # fmt: skip


def test_a_new_role_holds_at_once(door: Door, admin: Reader) -> None:
    other = door.staff("second@ledger.example", "admin")
    second = door.let_in_staff(door.browser(), "second@ledger.example")
    assert second.get(STAFF).status_code == 200
    admin.submit(f"{STAFF}/{other}/role", {"role": "viewer"}, at=STAFF)
    assert second.get(STAFF).status_code == 403
    assert second.get("/admin/mail").status_code == 200


def test_a_reset_second_factor_ends_sessions_and_the_old_app(door: Door, admin: Reader) -> None:
    editor_id = door.staff(EDITOR, "editor")
    editor = door.let_in_staff(door.browser(), EDITOR)
    old = next(one.totp_secret for one in door.all(StaffMember) if one.account_id == editor_id)
    admin.submit(f"{STAFF}/{editor_id}/reset", at=STAFF)
    assert editor.get("/admin/mail").location.startswith("/sign-in?")
    member = next(one for one in door.all(StaffMember) if one.account_id == editor_id)
    assert member.totp_secret != old
    assert member.totp_confirmed_at is None


def test_a_readers_session_does_not_become_a_desk(door: Door, client: Reader) -> None:
    door.let_in(client)
    door.staff(DARYNA, "editor")
    assert client.get("/admin/mail").location.startswith("/sign-in?")


def test_only_admins_see_and_change_the_staff(door: Door) -> None:
    for role in ("editor", "finance", "viewer"):
        email = f"{role}@ledger.example"
        door.staff(email, role)
        browser = door.let_in_staff(door.browser(), email)
        assert browser.get(STAFF).status_code == 403
        for path in (STAFF, f"{STAFF}/1/role", f"{STAFF}/1/remove", f"{STAFF}/1/reset"):
            answer = browser.submit(path, {"email": email, "role": "admin"}, at="/account/devices")
            assert answer.status_code == 403
        assert f'href="{STAFF}"' not in browser.get("/admin/mail").text
    assert [member.role for member in door.all(StaffMember)] == ["editor", "finance", "viewer"]


def test_who_is_not_on_the_staff_is_not_there(door: Door, admin: Reader) -> None:
    for path in ("1/role", "99/role", "99/remove", "99/reset"):
        answer = admin.submit(f"{STAFF}/{path}", {"role": "viewer"}, at=STAFF)
        assert answer.status_code == 404, path


def test_a_role_that_does_not_exist_is_refused_in_words(door: Door, admin: Reader) -> None:
    answer = admin.submit(STAFF, {"email": "x@example.org", "role": "king"})
    assert answer.status_code == 422
    assert "Choose one of these" in answer.text
    assert 'value="x@example.org"' in answer.text
    with pytest.raises(staffing.UnknownRole), door.db.transaction() as session:
        staffing.add_staff(
            session, email="x@example.org", role="king", language="en", now=door.clock()
        )
    with pytest.raises(NotFound), door.db.transaction() as session:
        staffing.remove(session, account_id=1, actor_id=None, now=door.clock())


def test_adding_somebody_again_gives_them_the_new_role(door: Door) -> None:
    first = door.staff(EDITOR, "editor")
    secret = door.all(StaffMember)[0].totp_secret
    assert door.staff(EDITOR.upper(), "finance") == first
    [member] = door.all(StaffMember)
    assert (member.role, member.totp_secret) == ("finance", secret)


def test_the_list_takes_as_many_statements_for_one_as_for_five(door: Door, admin: Reader) -> None:
    counts = []
    for more in (0, 4):
        for number in range(more):
            door.staff(f"s{number}@ledger.example", "viewer")
        with statements(door.db) as asked:
            assert admin.get(STAFF).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 5
