"""The link: opened by anybody, used once, by a press of a button."""

from __future__ import annotations

from threading import Barrier, Thread

from app.accounts.models import Account, LoginSession, SignInRequest
from tests.accounts.door import Door, is_in, later
from tests.reading import TOKEN, Reader


def test_the_link_signs_in_with_one_press_in_any_browser(door: Door, client: Reader) -> None:
    mail = door.mail_for(client)
    elsewhere = door.browser()
    page = elsewhere.get(mail.link)
    assert page.status_code == 200
    assert page.text.count("<button") == 1
    assert "d•••@example.org" in page.text
    answer = elsewhere.submit(mail.link)
    assert (answer.status_code, answer.location) == (303, "/account")
    assert is_in(elsewhere)
    assert not is_in(client)


def test_opening_the_link_changes_nothing(door: Door, client: Reader) -> None:
    mail = door.mail_for(client)
    before = door.rows()
    for method in ("GET", "HEAD", "OPTIONS", "GET"):
        assert door.browser().open(mail.link, method=method).status_code == 200
    assert door.rows() == before
    assert door.all(SignInRequest)[0].used_at is None
    assert door.browser().submit(mail.link).status_code == 303


def test_no_page_of_signing_in_writes_when_it_is_read(door: Door, client: Reader) -> None:
    door.ask(client)
    before = door.rows()
    for path in ("/sign-in", "/sign-in/code", "/sign-in/second-factor", "/account/devices"):
        for method in ("GET", "HEAD"):
            client.open(path, method=method)
    assert door.rows() == before


def test_a_link_works_once(door: Door, client: Reader) -> None:
    mail = door.mail_for(client)
    client.submit(mail.link)
    elsewhere = door.browser()
    page = elsewhere.get(mail.link)
    assert page.status_code == 410
    assert "This link has done its work" in page.text
    assert post(elsewhere, mail.link) == 410
    assert not is_in(elsewhere)
    assert len(door.all(LoginSession)) == 1


def test_a_link_is_too_old_after_fifteen_minutes(door: Door, client: Reader) -> None:
    mail = door.mail_for(client)
    with later(minutes=14, seconds=50):
        assert client.get(mail.link).status_code == 200
    with later(minutes=15, seconds=1):
        page = client.get(mail.link)
        assert page.status_code == 410
        assert "This link is too old" in page.text
        assert post(client, mail.link) == 410
    assert door.all(LoginSession) == []


def test_a_foreign_link_is_told_so(door: Door, client: Reader) -> None:
    for token in ("x", "a" * 43, "a" * 3000, "%D1%96", "%22%3E%3Cscript%3E"):
        page = client.get(f"/sign-in/{token}")
        assert page.status_code == 404
        assert "This link is not one of ours" in page.text
        assert "<script>" not in page.text
        assert post(client, f"/sign-in/{token}") == 404


def test_a_link_of_somebody_who_was_suspended_meanwhile_signs_nobody_in(
    door: Door, client: Reader
) -> None:
    mail = door.mail_for(client)
    door.change(Account, suspended_at=door.clock())
    assert client.get(mail.link).status_code == 404
    assert post(client, mail.link) == 404
    assert door.all(LoginSession) == []


def test_eight_at_once_with_one_link_are_one_session(door: Door, client: Reader) -> None:
    mail = door.mail_for(client)
    browsers = [door.browser() for _ in range(8)]
    tokens = [form_token(browser, "/sign-in") for browser in browsers]
    start = Barrier(8)
    answers: list[int] = []

    def press(browser: Reader, token: str) -> None:
        start.wait()
        answers.append(browser.post(mail.link, data={"csrf_token": token}).status_code)

    threads = [Thread(target=press, args=pair) for pair in zip(browsers, tokens, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303] + [410] * 7
    assert len(door.all(LoginSession)) == 1


def test_the_first_sign_in_confirms_the_address_and_later_ones_do_not(
    door: Door, client: Reader
) -> None:
    first = door.clock()
    assert door.all(Account)[0].confirmed_at is None
    door.let_in(client)
    assert door.all(Account)[0].confirmed_at == first
    door.clock.advance(days=3)
    door.let_in(door.browser())
    assert door.all(Account)[0].confirmed_at == first


def test_links_lead_to_the_configured_address_whatever_the_host_header(
    door: Door, client: Reader
) -> None:
    page = client.get("/sign-in", base_url="http://evil.example")
    token = TOKEN.search(page.text)
    assert token
    client.post(
        "/sign-in",
        data={"csrf_token": token[1], "email": "daryna@example.org"},
        base_url="http://evil.example",
    )
    assert door.mails()[0].link.startswith("/sign-in/")  # after http://localhost


def test_pressing_without_or_with_a_foreign_form_token_is_refused(
    door: Door, client: Reader
) -> None:
    mail = door.mail_for(client)
    foreign = form_token(door.browser(), "/sign-in")
    victim = door.browser()
    victim.get(mail.link)
    for data in ({}, {"csrf_token": ""}, {"csrf_token": "x"}, {"csrf_token": foreign}):
        answer = victim.post(mail.link, data=data)
        assert answer.status_code == 400
        assert "This page was open for too long" in answer.text
    assert door.all(LoginSession) == []


def form_token(browser: Reader, path: str) -> str:
    found = TOKEN.search(browser.get(path).text)
    assert found
    return found[1]


def post(browser: Reader, path: str) -> int:
    """Press a button that the page may not have any more."""
    data = {"csrf_token": form_token(browser, "/sign-in")}
    return browser.post(path, data=data).status_code
