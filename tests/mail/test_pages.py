"""The outbox as pages: for developers with every word, for staff with none."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from app import create_app
from app.core.settings import Settings
from app.mail.models import OutboxMessage
from app.mail.transport import NotDelivered, Refused
from tests.accounts.door import DARYNA, Door
from tests.clocks import FixedClock
from tests.mail.office import Server
from tests.reading import Reader
from tests.statements import statements

STAFF = "staff@ledger.example"


@pytest.fixture
def door(app: Flask, clock: FixedClock) -> Door:
    """A founded newsroom in which Daryna has an account."""
    made = Door(app, clock)
    made.found()
    made.person()
    return made


def test_an_empty_outbox_says_what_will_stand_there(door: Door, client: Reader) -> None:
    assert "No mail was written yet" in client.get("/dev/mail").text


def test_a_mail_is_shown_as_text_with_links_and_as_html_in_a_frame(
    door: Door, client: Reader
) -> None:
    mail = door.mail_for(client)
    listed = client.get("/dev/mail")
    found = re.search(r'href="(/dev/mail/\d+)"', listed.text)
    assert found
    page = client.get(found[1])
    assert f'<a href="http://localhost{mail.link}">' in page.text
    assert f"{mail.code[:3]} {mail.code[3:]}" in page.text
    assert f'src="{found[1]}/html"' in page.text
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]


def test_the_html_of_a_mail_can_do_nothing_but_open_its_links(door: Door, client: Reader) -> None:
    door.mail_for(client)
    [mail] = door.all(OutboxMessage)
    page = client.get(f"/dev/mail/{mail.id}/html")
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert page.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_the_codes_of_the_staffs_apps_stand_beside_the_mails(door: Door, client: Reader) -> None:
    door.staff(STAFF, "admin")
    page = client.get("/dev/mail")
    assert STAFF in page.text
    assert door.app_code(STAFF) in page.text


def test_a_mail_that_is_not_there_is_not_found(door: Door, client: Reader) -> None:
    for path in ("/dev/mail/99", "/dev/mail/99/html", "/dev/mail/99999999999999999999"):
        assert client.get(path).status_code == 404


def test_the_list_loads_no_words_and_asks_as_often_for_one_mail_as_for_many(
    door: Door, client: Reader
) -> None:
    counts = []
    for _ in range(2):
        door.ask(client)
        door.work()
        with statements(door.db) as asked:
            client.get("/dev/mail")
        counts.append(len(asked))
        assert not [statement for statement in asked if "outbox_message.html" in statement]
    assert counts[0] == counts[1]


def test_production_has_no_such_page(settings: Settings, clock: FixedClock) -> None:
    made = create_app(
        settings.model_copy(update={"app_env": "production", "site_url": "https://ledger.example"}),
        clock=clock,
    )
    Door(made, clock).found()
    client = made.test_client()
    for path in ("/dev/mail", "/dev/mail/1", "/dev/mail/1/html"):
        assert client.get(path, base_url="https://ledger.example").status_code == 404
    assert not [rule for rule in made.url_map.iter_rules() if rule.rule.startswith("/dev")]
    made.extensions["house"].db.dispose()


def test_staff_see_what_went_and_to_whom_but_not_what_it_says(door: Door, client: Reader) -> None:
    mail = door.mail_for(client)
    door.staff(STAFF, "finance")
    door.let_in_staff(client, STAFF)
    page = client.get("/admin/mail")
    assert DARYNA in page.text
    assert "Sign in to Our newsroom" in page.text
    assert mail.code not in page.text
    assert mail.link not in page.text


def test_staff_see_which_of_the_mails_that_wait_goes_first(door: Door, client: Reader) -> None:
    door.staff(STAFF, "viewer")
    door.let_in_staff(client, STAFF)
    door.ask(door.browser())
    door.house.services["transport"] = Server(failures=[NotDelivered("busy")] * 2)
    door.staff("new@ledger.example", "viewer")
    door.work()
    listed = client.get("/admin/mail?state=waiting").text
    assert listed.count("<span>waiting, goes first</span>") == 1
    assert listed.count("<span>waiting</span>") == 2, "the tab, and the mail that nobody waits for"


def test_who_has_no_business_with_money_sees_kinds_and_no_subjects(
    door: Door, client: Reader
) -> None:
    door.staff(STAFF, "editor")
    door.let_in_staff(client, STAFF)
    page = client.get("/admin/mail")
    assert "sign_in" in page.text
    assert "Sign in to Our newsroom" not in page.text


def test_staff_send_a_failed_mail_again(door: Door, client: Reader) -> None:
    door.staff(STAFF, "finance")
    door.let_in_staff(client, STAFF)
    door.staff("editor@ledger.example", "editor")
    editor = door.let_in_staff(door.browser(), "editor@ledger.example")
    server = Server(failures=[Refused("550 <new@ledger.example> is full")])
    door.house.services["transport"] = server
    door.staff("new@ledger.example", "viewer")
    door.work()
    page = client.get("/admin/mail?state=failed")
    assert "550 &lt;new@ledger.example&gt; is full" in page.text
    seen_by_editor = editor.get("/admin/mail?state=failed").text
    assert "new@ledger.example" not in seen_by_editor
    assert 'aria-label="Send again: ' in seen_by_editor
    failed = door.all(OutboxMessage)[-1]
    answer = client.submit(
        f"/admin/mail/{failed.id}/retry", at="/admin/mail?state=failed", follow_redirects=True
    )
    assert "on its way again" in answer.text
    door.work()
    assert door.all(OutboxMessage)[-1].state == "sent"


def test_who_only_looks_cannot_send_again_and_readers_see_nothing(
    door: Door, client: Reader
) -> None:
    door.staff(STAFF, "viewer")
    door.let_in_staff(client, STAFF)
    assert client.submit("/admin/mail/1/retry", at="/account/devices").status_code == 403
    reader = door.let_in(door.browser())
    assert reader.get("/admin/mail").status_code == 403
    assert door.browser().get("/admin/mail").location.startswith("/sign-in?")


def test_a_long_outbox_comes_in_pages(door: Door, client: Reader) -> None:
    door.staff(STAFF, "viewer")
    door.let_in_staff(client, STAFF)
    for number in range(60):
        door.staff(f"s{number}@ledger.example", "viewer")
    first = client.get("/admin/mail")
    older = re.search(r'href="(/admin/mail\?after=\d+)"', first.text)
    assert older
    assert first.text.count("<tr>") == 51  # and the head
    assert client.get(older[1]).text.count("<tr>") == 13
    for odd in ("?after=x", "?after=-1", "?before=99999999999999999999", "?state=odd"):
        assert client.get(f"/admin/mail{odd}").status_code == 200
