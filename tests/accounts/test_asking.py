"""Asking for a link: everybody gets the same answer, and only members a mail."""

from __future__ import annotations

import re

import pytest
from werkzeug.test import TestResponse

from app.accounts import signing_in
from app.accounts.models import Account, SignInRequest
from app.core import jobs
from app.mail.models import OutboxMessage
from tests.accounts.door import DARYNA, Door, later
from tests.reading import Reader
from tests.statements import statements

TOKEN = re.compile(r'name="csrf_token" value="[^"]+"')


def bare(answer: TestResponse) -> str:
    """A page without what is random in it."""
    return TOKEN.sub("", answer.text)


def test_a_member_gets_one_mail_with_a_link_and_a_code(door: Door, client: Reader) -> None:
    answer = door.ask(client)
    assert answer.status_code == 303
    assert answer.location == "/sign-in/code"
    [mail] = door.mails()
    assert mail.link.startswith("/sign-in/")
    assert len(mail.code) == 6


def test_a_stranger_gets_the_same_answer_and_no_mail(door: Door) -> None:
    answers, pages = [], []
    for email in (DARYNA, "nobody@example.org"):
        browser = door.browser()
        answers.append(door.ask(browser, email))
        pages.append(browser.get("/sign-in/code"))
    known, unknown = answers
    assert known.status_code == unknown.status_code
    assert known.data == unknown.data
    assert {key for key, _ in known.headers} == {key for key, _ in unknown.headers}
    assert bare(pages[0]) == bare(pages[1])
    assert len(door.mails()) == 1


def test_both_cost_the_database_the_same(door: Door) -> None:
    cost = []
    for email in (DARYNA, "nobody@example.org"):
        browser = door.browser()
        browser.get("/sign-in")
        with statements(door.db) as asked:
            assert door.ask(browser, email).status_code == 303
        cost.append([statement.split(" ")[0] for statement in asked])
    assert cost[0] == cost[1]
    assert len(cost[0]) <= 8, cost[0]


def test_no_wrong_code_tells_who_has_an_account(door: Door) -> None:
    answers, cost = [], []
    for email in (DARYNA, "nobody@example.org"):
        browser = door.browser()
        door.ask(browser, email)
        door.work()
        with statements(door.db) as asked:
            answers.append(browser.submit("/sign-in/code", {"code": "000000"}))
        cost.append(len(asked))
    assert answers[0].status_code == answers[1].status_code == 422
    assert bare(answers[0]) == bare(answers[1])
    assert cost[0] == cost[1]


def test_nobody_waits_for_the_mail_server(door: Door, client: Reader) -> None:
    class Hanging:
        keeps_outbox = False

        def deliver(self, *args: object, **more: object) -> None:
            raise AssertionError("the request spoke to the mail server")

    door.house.services["transport"] = Hanging()
    assert door.ask(client).status_code == 303
    assert door.all(OutboxMessage) == []


def test_the_database_holds_neither_link_nor_code(door: Door, client: Reader) -> None:
    mail = door.mail_for(client)
    [request] = door.all(SignInRequest)
    token = mail.link.rpartition("/")[2]
    values = [str(getattr(request, column.key)) for column in request.__table__.columns]
    assert token not in values
    assert mail.code not in values
    payloads = " ".join(str(job.payload) for job in door.all(jobs.Job))
    assert DARYNA not in payloads
    assert token not in payloads


@pytest.mark.parametrize("state", ["suspended_at", "erased_at"])
def test_who_was_suspended_or_erased_gets_no_mail(door: Door, client: Reader, state: str) -> None:
    gone = {"email": None, "email_key": None} if state == "erased_at" else {}
    door.ask(client)
    door.change(Account, **{state: door.clock(), **gone})
    assert door.mails() == []


def test_a_job_that_runs_twice_writes_one_mail(door: Door, client: Reader) -> None:
    door.ask(client)
    door.work()
    [first] = [job for job in door.all(jobs.Job) if job.kind == "accounts.send_link"]
    door.change(jobs.Job, state="ready", attempts=0)
    door.work()
    assert first.kind == "accounts.send_link"
    assert len(door.mails()) == len(door.all(SignInRequest)) == 1


def test_what_a_busy_worker_writes_late_works_as_long_as_the_mail_says(
    door: Door, client: Reader
) -> None:
    door.ask(client)
    with later(minutes=40):
        [mail] = door.mails()
    with later(minutes=54):
        assert client.submit(mail.link).status_code == 303


def test_nobody_waits_for_a_mail_until_the_next_day(door: Door, client: Reader) -> None:
    door.ask(client)
    with later(hours=13):
        assert door.mails() == []


def test_five_mails_are_enough_and_each_of_them_signs_in(door: Door) -> None:
    browser = door.browser()
    for _ in range(7):
        door.ask(browser)
        door.work()
    mails = door.mails()
    assert len(mails) == 5
    assert door.browser().submit(mails[0].link).status_code == 303


def test_an_address_is_known_however_it_is_cased(door: Door, client: Reader) -> None:
    door.ask(client, "  DARYNA@Example.ORG ")
    assert len(door.mails()) == 1


def test_what_is_no_address_comes_back_with_a_kind_word(door: Door, client: Reader) -> None:
    for typed, said in (
        ("", "Write your e-mail address"),
        ("daryna", "This is no e-mail address"),
        ("дарина@example.org", "letters that many mail servers refuse"),
        ("a@b\x00.example", "invisible character"),
        ("a" * 300 + "@example.org", "longer than we can keep"),
    ):
        answer = door.ask(client, typed)
        assert answer.status_code == 422
        assert said in answer.text
        assert 'href="#email"' in answer.text
        assert "aria-invalid" in answer.text
    assert door.mails() == []


def test_an_international_domain_is_an_address(door: Door, client: Reader) -> None:
    door.person("ivan@приклад.укр")
    door.ask(client, "ivan@приклад.укр")
    assert len(door.mails()) == 1


def test_the_mail_is_written_in_the_language_of_the_page(door: Door, client: Reader) -> None:
    client.get("/sign-in?lang=uk")
    door.ask(client)
    door.work()
    [mail] = door.all(OutboxMessage)
    assert mail.language == "uk"


def test_the_address_may_come_with_the_link_to_the_page(door: Door, client: Reader) -> None:
    page = client.get("/sign-in?email=daryna%40example.org%22%3E%3Cb%3E")
    assert 'value="daryna@example.org&#34;&gt;&lt;b&gt;"' in page.text


def test_who_is_signed_in_is_not_asked_again(door: Door, client: Reader) -> None:
    door.let_in(client)
    assert client.get("/sign-in?next=/topics").location == "/topics"


def test_links_and_sessions_that_ended_are_forgotten(door: Door, client: Reader) -> None:
    door.let_in(client)
    work = jobs.Work(door.db, door.house.settings, door.house.clock, {})
    with later(days=2):
        signing_in.purge(work, {})
    assert door.all(SignInRequest) == []
    assert door.rows()["login_session"] == 1
    with later(days=91):
        signing_in.purge(work, {})
    assert door.rows()["login_session"] == 0
