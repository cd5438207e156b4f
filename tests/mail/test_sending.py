"""Sending: at least once, the same Message-ID on every try, and states that tell the truth."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.core import jobs
from app.core.audit import AuditEntry
from app.core.clock import wall_clock
from app.core.errors import Conflict, NotFound
from app.mail import sending
from app.mail.models import OutboxMessage
from app.mail.transport import Keeping, NotDelivered, Refused
from tests.mail.office import Office, Server


def test_a_mail_that_was_taken_is_sent(office: Office) -> None:
    office.write()
    office.run(Server())
    mail = office.mail()
    assert (mail.state, mail.attempts, mail.error) == ("sent", 1, None)
    assert mail.sent_at == office.clock()


def test_a_mail_server_that_is_away_is_asked_again_with_the_same_message_id(office: Office) -> None:
    office.write()
    server = Server(failures=[NotDelivered("busy"), NotDelivered("still busy")])
    office.run(server)
    waiting = office.mail()
    assert (waiting.state, waiting.attempts, waiting.error) == ("waiting", 1, "busy")
    office.run(server)
    assert server.tried == 1, "a pause comes first"
    office.clock.advance(seconds=2)
    office.run(server)
    office.clock.advance(seconds=4)
    office.run(server)
    mail = office.mail()
    assert (mail.state, mail.attempts, mail.error) == ("sent", 3, None)
    assert [str(one["Message-ID"]) for one in server.taken] == [waiting.message_id]


def test_a_job_that_died_after_the_server_took_the_mail_sends_the_same_mail_again(
    office: Office,
) -> None:
    office.write()
    server = Server()
    work = jobs.Work(office.db, office.settings, office.clock, {"transport": server})
    message_id = office.mail().id
    sending.send(work, {"message": message_id})
    with office.db.transaction() as session:  # as if killed before the answer was kept
        again = {"state": "waiting", "sent_at": None}
        session.execute(sa.update(OutboxMessage).values(**again))
    sending.send(work, {"message": message_id})
    first, second = server.taken
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]


def test_a_job_that_runs_twice_sends_once(office: Office) -> None:
    office.write()
    server = Server()
    work = jobs.Work(office.db, office.settings, office.clock, {"transport": server})
    sending.send(work, {"message": office.mail().id})
    sending.send(work, {"message": office.mail().id})
    assert len(server.taken) == 1


def test_what_the_server_refuses_for_good_is_not_tried_again(office: Office) -> None:
    office.write()
    server = Server(failures=[Refused("550 no such mailbox")])
    office.run(server)
    office.clock.advance(days=2)
    office.run(server)
    mail = office.mail()
    assert (mail.state, mail.error, server.tried) == ("failed", "550 no such mailbox", 1)


def test_an_address_that_cannot_be_written_to_fails_without_stopping_the_others(
    office: Office,
) -> None:
    office.write("bad", to="no address\r\nBcc: a@b.example")
    office.write("good")
    server = Server()
    office.run(server)
    assert [mail.state for mail in office.mails()] == ["failed", "sent"]
    assert len(server.taken) == 1


def test_a_server_that_is_away_for_three_days_is_given_up(office: Office) -> None:
    office.write()
    server = Server(failures=[NotDelivered("away")] * 200)
    start = office.clock()
    while office.mail().state == "waiting":
        office.clock.advance(hours=1)
        office.run(server)
    assert timedelta(days=3) < office.clock() - start < timedelta(days=4)
    assert office.mail().error == "away"


def test_no_transaction_is_open_while_the_server_is_spoken_to(office: Office) -> None:
    office.write()

    class Nosy(Server):
        def deliver(self, *args: object, **more: object) -> None:
            office.write("meanwhile")  # would meet a lock on SQLite

    office.run(Nosy())
    assert {mail.state for mail in office.mails()} == {"sent"}


def test_a_secret_is_wiped_once_it_went(office: Office) -> None:
    office.write(secret_until=wall_clock() + timedelta(minutes=15))
    server = Server()
    office.run(server)
    mail = office.mail()
    assert (mail.state, mail.text, mail.html) == ("sent", "", "")
    assert "123 456" in str(server.taken[0].get_body(("plain",)))


def test_a_mail_that_somebody_waits_for_goes_before_thousands_of_others(office: Office) -> None:
    office.write("thanks")
    office.clock.advance(hours=1)
    copied = [c for c in jobs.Job.__table__.c if c.name not in ("id", "dedupe_key")]
    with office.db.transaction() as session:
        for _ in range(13):  # 8,192 are asked to be sent
            session.execute(sa.insert(jobs.Job).from_select(copied, sa.select(*copied)))
    office.write("link", secret_until=wall_clock() + timedelta(minutes=15))
    server = Server(failures=[NotDelivered("busy")])
    work = jobs.Work(office.db, office.settings, office.clock, {"transport": server})
    jobs.run_due(work, most=1)
    assert [mail.attempts for mail in office.mails()] == [0, 1]
    office.clock.advance(minutes=1)
    jobs.run_due(work, most=1)
    assert [mail.state for mail in office.mails()] == ["waiting", "sent"], "on its second try, too"


def test_a_secret_stays_readable_where_the_outbox_is_the_only_place(office: Office) -> None:
    office.write(secret_until=wall_clock() + timedelta(minutes=15))
    office.run(Keeping())
    assert "123 456" in office.mail().text


def test_a_secret_that_is_too_old_is_not_sent_but_wiped(office: Office) -> None:
    office.write(secret_until=wall_clock() - timedelta(seconds=1))
    server = Server()
    office.run(server)
    mail = office.mail()
    assert (mail.state, mail.text, mail.error) == ("failed", "", sending.EXPIRED)
    assert server.tried == 0


def test_staff_send_a_failed_mail_again_and_it_is_audited(office: Office) -> None:
    office.write()
    server = Server(failures=[Refused("550 full")])
    office.run(server)
    message_id = office.mail().id
    with office.db.transaction() as session:
        sending.retry(session, message_id=message_id, actor_id=7, now=office.clock())
    office.run(server)
    assert office.mail().state == "sent"
    with office.db.reading() as session:
        entry = session.scalars(sa.select(AuditEntry)).one()
    assert (entry.actor_id, entry.action) == (7, "mail.retried")
    assert entry.subject == f"mail:{message_id}"


def test_only_a_failed_mail_that_still_has_its_words_is_sent_again(office: Office) -> None:
    office.write("sent")
    office.write("wiped", secret_until=wall_clock() - timedelta(seconds=1))
    office.run(Server())
    for mail in office.mails():
        with pytest.raises(Conflict), office.db.transaction() as session:
            sending.retry(session, message_id=mail.id, actor_id=1, now=office.clock())
    with pytest.raises(NotFound), office.db.transaction() as session:
        sending.retry(session, message_id=99, actor_id=1, now=office.clock())
