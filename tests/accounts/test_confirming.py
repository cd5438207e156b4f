"""Sensitive acts of staff need a second factor of the last minutes; what was typed is kept."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from app.accounts.models import StaffMember
from app.newsroom.models import CurrencyOffer
from tests.accounts.door import Door, later
from tests.reading import TOKEN, Reader, resent

ADMIN, NEW = "admin@ledger.example", "new@ledger.example"
STAFF = "/admin/staff"
CODE = "second_factor-code"


@pytest.fixture
def admin(door: Door, client: Reader) -> Reader:
    """The only admin, whose second factor is fresh."""
    door.staff(ADMIN, "admin")
    return door.let_in_staff(client, ADMIN)


def waiting(page: TestResponse) -> dict[str, list[str]]:
    """The fields that wait in the page that asks, as a browser would send them."""
    kept: dict[str, list[str]] = {}
    for name, value in resent(page):
        kept.setdefault(name, []).append(value)
    return kept


def confirm(reader: Reader, page: TestResponse, path: str, code: str) -> TestResponse:
    token = TOKEN.findall(page.text)[0]
    return reader.post(path, data={**waiting(page), CODE: code, "csrf_token": token})


def test_soon_after_the_second_factor_nothing_is_asked(door: Door, admin: Reader) -> None:
    with later(minutes=14):
        assert admin.submit(STAFF, {"email": NEW, "role": "editor"}).status_code == 303
    assert len(door.all(StaffMember)) == 2


def test_a_second_factor_of_this_morning_adds_nobody(door: Door, admin: Reader) -> None:
    with later(hours=11, minutes=50):
        page = admin.submit(STAFF, {"email": NEW, "role": "admin"})
    assert page.status_code == 403
    assert "Confirm that it is you" in page.text
    assert len(door.all(StaffMember)) == 1


def test_with_the_code_what_was_sent_is_done_and_nothing_was_lost(
    door: Door, admin: Reader
) -> None:
    with later(minutes=16):
        page = admin.submit(STAFF, {"email": NEW, "role": "editor"})
        done = confirm(admin, page, STAFF, door.app_code(ADMIN))
        assert (done.status_code, done.location) == (303, STAFF)
        assert "We wrote to them how to sign in" in admin.get(STAFF).text
        assert admin.submit(STAFF, {"email": "b@ledger.example", "role": "viewer"}).location
    assert [member.role for member in door.all(StaffMember)] == ["admin", "editor", "viewer"]


def test_what_is_wrong_in_the_form_is_told_after_the_code(door: Door, admin: Reader) -> None:
    with later(minutes=16):
        page = admin.submit(STAFF, {"email": "nobody", "role": "editor"})
        done = confirm(admin, page, STAFF, door.app_code(ADMIN))
    assert done.status_code == 422
    assert 'value="nobody"' in done.text


def test_a_wrong_or_used_code_does_nothing_and_keeps_what_was_sent(
    door: Door, admin: Reader
) -> None:
    sent = {"email": NEW, "role": "editor"}
    with later(minutes=16):
        page = admin.submit(STAFF, sent)
        for code in ("000000", "", "abc"):
            page = confirm(admin, page, STAFF, code)
            assert page.status_code == 422
            assert {name: [value] for name, value in sent.items()}.items() <= waiting(page).items()
        for _ in range(7):
            page = confirm(admin, page, STAFF, "000000")
        page = confirm(admin, page, STAFF, door.app_code(ADMIN))
    assert page.status_code == 429
    assert int(page.headers["Retry-After"]) > 0
    assert waiting(page)["email"] == [NEW]
    assert len(door.all(StaffMember)) == 1


def test_several_values_and_lines_of_a_field_wait_too(admin: Reader) -> None:
    sent = {"email": ["a", 'b"<'], "role": "one\r\ntwo"}
    with later(minutes=16):
        page = admin.submit(STAFF, sent)
    assert waiting(page)["email"] == ["a", 'b"<']
    assert waiting(page)["role"] == ["one\r\ntwo"]


def test_a_copied_cookie_is_worth_nothing_after_the_code(door: Door, admin: Reader) -> None:
    thief = door.browser()
    copied = admin.get_cookie("session")
    assert copied
    thief.set_cookie("session", copied.value)
    with later(minutes=16):
        page = admin.submit(STAFF, {"email": NEW, "role": "editor"})
        confirm(admin, page, STAFF, door.app_code(ADMIN))
        assert thief.get(STAFF).location.startswith("/sign-in?")


def test_rights_and_money_are_what_is_asked_for_and_looking_is_not(
    door: Door, admin: Reader
) -> None:
    me = door.all(StaffMember)[0].account_id
    currency = door.all(CurrencyOffer)[0].currency
    asks = [STAFF, *(f"{STAFF}/{me}/{act}" for act in ("role", "remove", "reset"))]
    asks += ["/admin/settings", f"/admin/settings/currencies/{currency}"]
    asks += ["/admin/payments/ch_1/refund"]
    with later(minutes=16):
        for path in asks:
            page = admin.submit(path, at=STAFF)
            assert (page.status_code, CODE in page.text) == (403, True), path
        for path in (STAFF, "/admin/settings", f"/admin/settings/currencies/{currency}"):
            assert CODE not in admin.get(path).text
        text = {"en": "Hello", "uk": "Привіт"}
        assert admin.submit("/admin/settings/texts/terms", text).status_code == 303


def test_who_may_not_do_it_is_refused_before_a_code_is_asked(door: Door) -> None:
    door.staff("editor@ledger.example", "editor")
    editor = door.let_in_staff(door.browser(), "editor@ledger.example")
    with later(minutes=16):
        page = editor.submit(STAFF, {"email": NEW, "role": "admin"}, at="/account/devices")
    assert page.status_code == 403
    assert CODE not in page.text
