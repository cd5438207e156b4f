"""Sessions: new at each sign-in, listed, ended by their owner, and at once for who may not stay."""

from __future__ import annotations

import pytest

from app.accounts.models import Account, LoginSession
from app.core.clock import wall_clock
from tests.accounts.door import Door, is_in, later
from tests.reading import Reader
from tests.statements import statements

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PRIVATE = ("/account/devices", "/account/language", "/sign-in", "/sign-in/code")


def cookie(browser: Reader) -> str:
    found = browser.get_cookie("session")
    assert found
    return found.value


def test_a_cookie_from_before_signing_in_signs_nobody_in_afterwards(
    door: Door, client: Reader
) -> None:
    mail = door.mail_for(client)
    fixed = cookie(client)
    client.submit(mail.link)
    assert cookie(client) != fixed
    attacker = door.browser()
    attacker.set_cookie("session", fixed)
    assert not is_in(attacker)
    assert is_in(client)


def test_each_sign_in_is_a_new_session_and_ends_this_browsers_old_one(
    door: Door, client: Reader
) -> None:
    door.let_in(client)
    copied = cookie(client)
    mail = door.mail_for(door.browser())
    client.submit(mail.link, at="/account/devices")
    old, new = door.all(LoginSession)
    assert old.token_hash != new.token_hash
    assert old.revoked_at is not None
    thief = door.browser()
    thief.set_cookie("session", copied)
    assert not is_in(thief)


def test_the_cookie_holds_no_number_and_cannot_be_read_by_scripts(
    door: Door, client: Reader
) -> None:
    mail = door.mail_for(client)
    answer = client.submit(mail.link)
    header = answer.headers["Set-Cookie"]
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert "Expires=" in header, "a session outlives the window"
    [row] = door.all(LoginSession)
    with client.session_transaction() as kept:
        assert kept["_user_id"] != str(row.account_id)
        assert kept["_user_id"] != row.token_hash


def test_a_copied_cookie_is_worth_nothing_after_signing_out(door: Door, client: Reader) -> None:
    door.let_in(client)
    copied = cookie(client)
    answer = client.submit("/sign-out", at="/account/devices")
    assert (answer.status_code, answer.location) == (303, "/")
    assert not is_in(client)
    client.set_cookie("session", copied)
    assert not is_in(client)


def test_signing_out_takes_a_form_and_not_a_link(door: Door, client: Reader) -> None:
    door.let_in(client)
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out").status_code == 400
    assert is_in(client)


@pytest.mark.parametrize("state", ["suspended_at", "erased_at"])
def test_who_is_suspended_or_erased_is_out_with_the_next_request(
    door: Door, client: Reader, state: str
) -> None:
    door.let_in(client)
    gone = {"email": None, "email_key": None} if state == "erased_at" else {}
    door.change(Account, **{state: wall_clock(), **gone})
    assert not is_in(client)


def test_a_readers_session_lasts_for_sixty_days(door: Door, client: Reader) -> None:
    door.let_in(client)
    with later(days=59, hours=23):
        assert is_in(client)
    with later(days=60, minutes=1):
        assert not is_in(client)


def test_devices_are_listed_in_words_with_this_one_marked(door: Door) -> None:
    first, second = door.browser(), door.browser()
    mail = door.mail_for(first)
    first.submit(mail.link, headers={"User-Agent": FIREFOX})
    mail = door.mail_for(second)
    second.submit(mail.link, headers={"User-Agent": "Something new"})
    page = second.get("/account/devices")
    assert "Firefox, Linux" in page.text
    assert "A browser that says no name · this one" in page.text
    assert page.text.count("/end") == 3  # each of the two, and all others


def test_one_device_is_signed_out_from_another(door: Door) -> None:
    here, there = door.let_in(door.browser()), door.let_in(door.browser())
    first = door.all(LoginSession)[0].id
    there.submit(f"/account/devices/{first}/end", at="/account/devices")
    assert not is_in(here)
    assert is_in(there)


def test_all_other_devices_are_signed_out_at_once(door: Door) -> None:
    others = [door.let_in(door.browser()) for _ in range(3)]
    mine = door.let_in(door.browser())
    mine.submit("/account/devices/end-others", at="/account/devices")
    assert not any(is_in(one) for one in others)
    assert is_in(mine)


def test_signing_out_here_from_the_list_is_signing_out(door: Door, client: Reader) -> None:
    door.let_in(client)
    [own] = door.all(LoginSession)
    answer = client.submit(f"/account/devices/{own.id}/end", at="/account/devices")
    assert answer.location == "/"
    assert not is_in(client)


def test_nobody_ends_a_session_of_somebody_else(door: Door, client: Reader) -> None:
    door.person("olena@example.org")
    olena = door.let_in(door.browser(), "olena@example.org")
    [hers] = door.all(LoginSession)
    door.let_in(client)
    for number in (hers.id, 10**6):
        answer = client.submit(f"/account/devices/{number}/end", at="/account/devices")
        assert answer.status_code == 303  # the same for hers and for none
    assert is_in(olena)
    beyond = client.submit("/account/devices/99999999999999999999/end", at="/account/devices")
    assert beyond.status_code == 404


def test_last_used_moves_with_what_is_sent_and_not_more_often_than_needed(
    door: Door, client: Reader
) -> None:
    door.let_in(client)
    [before] = door.all(LoginSession)
    with later(minutes=9):
        client.submit("/account/language", {"language": "en"})
    assert door.all(LoginSession)[0].last_seen_at == before.last_seen_at
    with later(minutes=11):
        client.get("/account/devices")
        assert door.all(LoginSession)[0].last_seen_at == before.last_seen_at
        client.submit("/account/language", {"language": "en"})
    assert door.all(LoginSession)[0].last_seen_at > before.last_seen_at


def test_private_pages_are_stored_nowhere(door: Door, client: Reader) -> None:
    door.let_in(client)
    for path in PRIVATE:
        assert client.get(path).headers["Cache-Control"] == "no-store", path


def test_a_page_for_members_sends_others_to_sign_in_and_back(door: Door, client: Reader) -> None:
    answer = client.get("/account/devices")
    assert answer.status_code == 303
    assert answer.location == "/sign-in?next=/account/devices"


def test_the_language_of_an_account_is_the_language_of_its_pages_and_mails(
    door: Door, client: Reader
) -> None:
    door.let_in(client)
    client.submit("/account/language", {"language": "uk"}, follow_redirects=True)
    assert door.all(Account)[0].language == "uk"
    assert client.get("/account/language").headers["Content-Language"] == "uk"
    elsewhere = door.let_in(door.browser())
    assert elsewhere.get("/account/language").headers["Content-Language"] == "uk"
    answer = client.submit("/account/language", {"language": "xx"})
    assert answer.status_code == 422
    assert door.all(Account)[0].language == "uk"


def test_a_page_of_the_account_takes_as_many_statements_for_one_device_as_for_six(
    door: Door,
) -> None:
    mine = door.let_in(door.browser())
    counts = []
    for more in (0, 5):
        for _ in range(more):
            door.let_in(door.browser())
        with statements(door.db) as asked:
            assert mine.get("/account/devices").status_code == 200
        own = [statement for statement in asked if "login_session" in statement]
        assert len(own) == 2, own  # who is it, and the devices
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 5  # the newsroom too, and what menus of upper rooms ask


def test_who_is_nobody_is_not_looked_up(door: Door, client: Reader) -> None:
    with statements(door.db) as asked:
        assert client.get("/sign-in").status_code == 200
    assert not [statement for statement in asked if "login_session" in statement]
    client.set_cookie("session", "forged.by.hand")
    with statements(door.db) as asked:
        client.get("/sign-in")
    assert not [statement for statement in asked if "login_session" in statement]


def test_machines_and_files_cause_no_look_up_even_with_a_cookie(door: Door, client: Reader) -> None:
    door.let_in(client)
    for method, path in (("GET", "/up"), ("GET", "/theme.css"), ("POST", "/stripe/webhook")):
        with statements(door.db) as asked:
            client.open(path, method=method)
        assert not [statement for statement in asked if "login_session" in statement], path
