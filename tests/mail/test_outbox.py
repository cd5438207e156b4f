"""The outbox: written with its cause, once, and forgotten in time."""

from __future__ import annotations

import pytest

from app.core import jobs
from app.mail import outbox, sending
from tests.mail.office import Office, Server
from tests.statements import statements


class Stop(Exception):
    pass


def test_a_mail_and_the_work_to_send_it_go_with_their_cause(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise Stop

    monkeypatch.setattr(outbox, "send_soon", stop)
    with pytest.raises(Stop):
        office.write()
    assert office.mails() == []
    monkeypatch.undo()
    assert office.write() is True


def test_the_same_mail_is_written_once(office: Office) -> None:
    assert office.write("one") is True
    assert office.write("one") is False
    assert office.write("two") is True
    server = Server()
    office.run(server)
    assert len(server.taken) == len(office.mails()) == 2


def test_writing_a_mail_takes_four_statements_and_writing_it_again_one(office: Office) -> None:
    with statements(office.db) as first:
        office.write("one")
    with statements(office.db) as again:
        office.write("one")
    assert len(first) == 4, first  # is it there, the newsroom, the mail, the job
    assert len(again) == 1, again


def test_message_ids_belong_to_the_site(office: Office) -> None:
    office.write()
    assert office.mail().message_id.endswith("@ledger.example>")


def test_the_words_of_mails_go_after_30_days_and_the_key_stays(office: Office) -> None:
    office.write("old")
    office.run(Server())
    office.clock.advance(days=29)
    office.write("new")
    office.run(Server())
    office.clock.advance(days=2)
    sending.purge(jobs.Work(office.db, office.settings, office.clock, {}), {})
    old, new = office.mails()
    assert (old.state, old.to_address, old.subject, old.text, old.html) == ("scrubbed", *[""] * 4)
    assert new.state == "sent"
    assert office.write("old") is False


def test_a_mail_that_waits_is_not_forgotten_for_its_age(office: Office) -> None:
    office.write()
    office.clock.advance(days=40)
    sending.purge(jobs.Work(office.db, office.settings, office.clock, {}), {})
    assert office.mail().state == "waiting"


def test_what_was_written_to_an_erased_person_goes_at_once_and_unsent(office: Office) -> None:
    office.write("theirs", to="Gone@example.org")
    office.write("other")
    with office.db.transaction() as session:
        outbox.scrub(session, to="gone@example.org")
    server = Server()
    office.run(server)
    theirs, other = office.mails()
    assert (theirs.state, theirs.text, theirs.to_address) == ("scrubbed", "", "")
    assert other.state == "sent"
    assert len(server.taken) == 1
