"""The code: six digits for the browser that asked, and only a few tries."""

from __future__ import annotations

import pytest

from app import create_app
from app.accounts import signing_in
from app.accounts.models import LoginSession, SignInRequest
from app.core.settings import Settings
from tests.accounts.door import DARYNA, Door, Mail, is_in, later
from tests.clocks import FixedClock
from tests.reading import TOKEN, Reader


def test_the_code_signs_in_where_it_was_asked_for(door: Door, client: Reader) -> None:
    mail = door.mail_for(client)
    answer = client.submit("/sign-in/code", {"code": mail.code})
    assert (answer.status_code, answer.location) == (303, "/account")
    assert is_in(client)


def test_a_code_may_be_typed_as_the_mail_shows_it(door: Door) -> None:
    for written in ("{0} {1}", " {0}{1} ", "{0}-{1}"):
        browser = door.browser()
        code = door.mail_for(browser).code
        typed = written.format(code[:3], code[3:])
        assert browser.submit("/sign-in/code", {"code": typed}).status_code == 303, written


def test_the_code_is_worth_nothing_in_another_browser(door: Door, client: Reader) -> None:
    mail = door.mail_for(client)
    stranger = door.browser()
    door.ask(stranger, "stranger@example.org")
    answer = stranger.submit("/sign-in/code", {"code": mail.code})
    assert answer.status_code == 422
    assert "This code is wrong, or too old" in answer.text
    assert door.all(LoginSession) == []


def test_a_browser_that_asked_for_nothing_is_told_to_open_the_link(
    door: Door, client: Reader
) -> None:
    mail = door.mail_for(client)
    stranger = door.browser()
    assert stranger.get("/sign-in/code").location == "/sign-in"
    answer = stranger.submit("/sign-in/code", {"code": mail.code}, at="/sign-in")
    assert answer.status_code == 422
    assert "only in the browser that asked for it" in answer.text


def test_a_code_works_once(door: Door, client: Reader) -> None:
    mail = door.mail_for(client)
    client.submit("/sign-in/code", {"code": mail.code})
    sign_out(client)
    door.ask(client)
    assert client.submit("/sign-in/code", {"code": mail.code}).status_code == 422


def test_a_code_is_too_old_after_fifteen_minutes(door: Door, client: Reader) -> None:
    mail = door.mail_for(client)
    with later(minutes=15, seconds=1):
        assert client.submit("/sign-in/code", {"code": mail.code}).status_code == 422
    assert door.all(LoginSession) == []


def test_the_link_uses_up_its_code(door: Door, client: Reader) -> None:
    mail = door.mail_for(client)
    door.browser().submit(mail.link)
    assert client.submit("/sign-in/code", {"code": mail.code}).status_code == 422


def test_who_came_in_by_the_link_in_another_tab_goes_on(door: Door, client: Reader) -> None:
    mail = door.mail_for(client)
    client.submit(mail.link)
    answer = client.submit("/sign-in/code", {"code": mail.code}, at="/account/devices")
    assert answer.location == "/sign-in"
    assert client.get(answer.location).location == "/account"


def test_of_two_mails_asked_for_here_either_code_works(door: Door, client: Reader) -> None:
    first = door.mail_for(client)
    door.mail_for(client)
    assert client.submit("/sign-in/code", {"code": first.code}).status_code == 303


@pytest.mark.parametrize(
    "typed", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", "12\x0045", "1" * 99]
)
def test_what_is_no_code_comes_back_with_a_kind_word(
    door: Door, client: Reader, typed: str
) -> None:
    door.ask(client)
    answer = client.submit("/sign-in/code", {"code": typed})
    assert answer.status_code == 422
    assert 'href="#code"' in answer.text


def test_the_eleventh_try_has_to_wait_and_the_link_still_signs_in(
    door: Door, client: Reader
) -> None:
    mail = door.mail_for(client)
    for _ in range(10):
        assert client.submit("/sign-in/code", {"code": wrong(mail)}).status_code == 422
    answer = client.submit("/sign-in/code", {"code": mail.code})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 300
    assert "open the link in the mail" in answer.text
    assert client.submit(mail.link).status_code == 303


def test_ten_wrong_codes_end_a_code_for_good(door: Door, client: Reader) -> None:
    mail = door.mail_for(client)
    for _ in range(10):
        client.submit("/sign-in/code", {"code": wrong(mail)})
    with later(minutes=6):
        assert client.submit("/sign-in/code", {"code": mail.code}).status_code == 422
        assert client.submit(mail.link).status_code == 303
    assert door.all(SignInRequest)[0].tries == 10


def test_tries_count_for_a_person_over_all_browsers_and_networks(door: Door) -> None:
    for number in range(10):
        browser = door.browser()
        where = {"REMOTE_ADDR": f"192.0.2.{number}"}
        door.ask(browser, environ_overrides=where)
        answer = browser.submit("/sign-in/code", {"code": "000000"}, environ_overrides=where)
        assert answer.status_code == 422
    browser = door.browser()
    where = {"REMOTE_ADDR": "198.51.100.1"}
    answer = door.ask(browser, environ_overrides=where)
    assert answer.status_code == 429
    assert f'value="{DARYNA}"' in answer.text


def test_tries_count_for_a_network_over_all_persons(door: Door) -> None:
    for number in range(10):
        assert door.ask(door.browser(), f"p{number}@example.org").status_code == 303
    answer = door.ask(door.browser(), DARYNA)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    elsewhere = {"REMOTE_ADDR": "192.0.2.1"}
    assert door.ask(door.browser(), DARYNA, environ_overrides=elsewhere).status_code == 303


def test_a_newsroom_on_one_network_may_begin_its_day_together(door: Door) -> None:
    for number in range(12):
        browser, colleague = door.browser(), f"colleague{number}@example.org"
        door.person(colleague)
        mail = door.mail_for(browser, colleague)
        assert browser.submit("/sign-in/code", {"code": mail.code}).status_code == 303
    browser = door.browser()
    mail = door.mail_for(browser)
    answers = [browser.submit("/sign-in/code", {"code": wrong(mail)}) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [422] * 10 + [429]


def test_a_network_of_the_new_internet_protocol_is_counted_as_one_household(door: Door) -> None:
    for number in range(10):
        where = {"REMOTE_ADDR": f"2001:db8:1:2::{number}"}
        door.ask(door.browser(), f"p{number}@example.org", environ_overrides=where)
    near, far = {"REMOTE_ADDR": "2001:db8:1:2:ffff::1"}, {"REMOTE_ADDR": "2001:db8:1:3::1"}
    assert door.ask(door.browser(), DARYNA, environ_overrides=near).status_code == 429
    assert door.ask(door.browser(), DARYNA, environ_overrides=far).status_code == 303


def test_nobody_hides_behind_a_header_where_no_proxy_is_trusted(door: Door) -> None:
    answers = []
    for number in range(11):
        claimed = {"X-Forwarded-For": f"192.0.2.{number}"}
        answer = door.ask(door.browser(), f"p{number}@example.org", headers=claimed)
        answers.append(answer.status_code)
    assert answers == [303] * 10 + [429]


def test_behind_a_trusted_proxy_each_reader_is_counted_apart(
    door: Door, settings: Settings, clock: FixedClock
) -> None:
    behind = create_app(settings.model_copy(update={"trusted_proxies": 1}), clock=clock)
    answers: list[int] = []
    for number in [*range(10), 0, 0]:
        page = behind.test_client()
        token = TOKEN.search(page.get("/sign-in").text)
        assert token
        form = {"csrf_token": token[1], "email": f"p{len(answers)}@example.org"}
        told = {"X-Forwarded-For": f"198.51.100.77, 192.0.2.{number}"}
        answers.append(page.post("/sign-in", data=form, headers=told).status_code)
    assert answers == [303] * 12
    behind.extensions["house"].db.dispose()


def test_who_came_in_starts_anew(door: Door, client: Reader) -> None:
    for _ in range(9):
        door.ask(client)
        door.change(SignInRequest, used_at=door.clock())
    mail = door.mail_for(client)
    client.submit("/sign-in/code", {"code": mail.code})
    assert door.ask(door.browser(), "somebody@example.org").status_code == 303


def test_signing_in_oneself_opens_the_door_to_no_more_mails_to_others(door: Door) -> None:
    door.person("attacker@example.org")
    answers = []
    for number in range(20):
        if number % 5 == 0 and number < 10:
            door.let_in(door.browser(), "attacker@example.org")
        answers.append(door.ask(door.browser(), f"p{number}@example.org").status_code)
    assert answers == [303] * 10 + [429] * 10


def test_a_code_stays_good_while_the_secret_key_is_rolled(
    door: Door, client: Reader, settings: Settings
) -> None:
    mail = door.mail_for(client)
    [request] = door.all(SignInRequest)
    rolled = settings.model_copy(
        update={"secret_key": "a new key", "secret_key_fallbacks": (settings.secret_key,)}
    )
    assert signing_in._is_code(rolled, request, mail.code)
    assert not signing_in._is_code(rolled, request, wrong(mail))


def wrong(mail: Mail) -> str:
    """A code that is not this mail's."""
    return f"{(int(mail.code) + 1) % 1_000_000:06d}"


def sign_out(browser: Reader) -> None:
    assert browser.submit("/sign-out", at="/account/devices").status_code == 303
