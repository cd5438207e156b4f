"""Handing mails over: to a server in all its moods, into a folder, or to nobody."""

from __future__ import annotations

import email
import time
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from app.core.settings import Settings
from app.mail import transport
from app.mail.transport import (
    Folder,
    Keeping,
    NotDelivered,
    Refused,
    Smtp,
    Unreachable,
    from_settings,
)
from tests.mail.smtp import CUT, SILENT, serving


def letter() -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = "post@ledger.example", "daryna@example.org"
    mail["Subject"], mail["Message-ID"] = "Hello", "<abc@ledger.example>"
    mail.set_content("Hello\n.\n..\n")
    return mail


def deliver(url: str, *, timeout: float = 1) -> None:
    Smtp(urlsplit(url), timeout=timeout).deliver(
        letter(), sender="post@ledger.example", recipient="daryna@example.org"
    )


def test_a_server_that_works_gets_the_mail() -> None:
    with serving() as server:
        deliver(f"smtp://127.0.0.1:{server.port}")
    [text] = server.letters
    assert "Subject: Hello" in text
    assert "MAIL FROM:<post@ledger.example>" in " ".join(server.commands).replace("mail", "MAIL")


@pytest.mark.parametrize(
    "mood",
    [
        {"hello": "421 busy"},
        {"hello": CUT},
        {"EHLO": CUT},
        {"MAIL": "451 later"},
        {"MAIL": "550 we do not know you"},
        {"RCPT": "450 greylisted"},
        {"RCPT": CUT},
        {"DATA": "451 no room"},
        {"DATA": CUT},
        {"end": "452 no room"},
        {"end": CUT},
    ],
    ids=str,
)
def test_what_may_be_better_later_is_not_delivered(mood: dict[str, Any]) -> None:
    with serving(**mood) as server, pytest.raises(NotDelivered):
        deliver(f"smtp://127.0.0.1:{server.port}")


@pytest.mark.parametrize(
    "mood", [{"RCPT": "550 no such mailbox"}, {"end": "554 we take no such mails"}], ids=str
)
def test_what_is_said_no_to_is_refused(mood: dict[str, Any]) -> None:
    with serving(**mood) as server, pytest.raises(Refused, match="55"):
        deliver(f"smtp://127.0.0.1:{server.port}")


@pytest.mark.parametrize("when", ["hello", "EHLO", "RCPT", "DATA", "end"])
def test_a_server_that_hangs_is_left_in_time(when: str) -> None:
    with serving(**{when: SILENT}) as server:
        start = time.monotonic()
        with pytest.raises(NotDelivered):
            deliver(f"smtp://127.0.0.1:{server.port}", timeout=0.3)
        assert time.monotonic() - start < 2


def test_a_server_that_hangs_is_not_waited_for_once_a_mail() -> None:
    with serving(hello=SILENT) as server:
        smtp = Smtp(urlsplit(f"smtp://127.0.0.1:{server.port}"), timeout=0.3)
        start = time.monotonic()
        for _ in range(50):
            with pytest.raises(NotDelivered, match="timed out"):
                smtp.deliver(letter(), sender="a@b.example", recipient="c@d.example")
        assert time.monotonic() - start < 1


def test_after_a_rest_the_server_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "REST_SECONDS", 0.05)
    with serving(hello=CUT) as server:
        smtp = Smtp(urlsplit(f"smtp://127.0.0.1:{server.port}"), timeout=1)
        with pytest.raises(Unreachable):
            smtp.deliver(letter(), sender="a@b.example", recipient="c@d.example")
        server.answers["hello"] = "220 back again"
        time.sleep(0.06)
        smtp.deliver(letter(), sender="a@b.example", recipient="c@d.example")
        assert len(server.letters) == 1


def test_one_mail_that_is_put_off_does_not_hold_up_the_next() -> None:
    with serving(RCPT="450 greylisted") as server:
        smtp = Smtp(urlsplit(f"smtp://127.0.0.1:{server.port}"), timeout=1)
        with pytest.raises(NotDelivered):
            smtp.deliver(letter(), sender="a@b.example", recipient="c@d.example")
        server.answers["RCPT"] = "250 ok"
        smtp.deliver(letter(), sender="a@b.example", recipient="e@f.example")
        assert len(server.letters) == 1


def test_a_server_that_is_not_there_is_no_bug() -> None:
    with pytest.raises(NotDelivered):
        deliver("smtp://127.0.0.1:9")


def test_a_mail_that_was_taken_is_taken_even_if_the_goodbye_fails() -> None:
    with serving(QUIT=CUT) as server:
        deliver(f"smtp://127.0.0.1:{server.port}")
    assert len(server.letters) == 1


def test_a_password_never_goes_over_a_line_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as server:
        smtp = Smtp(urlsplit(f"smtp://me:secret@127.0.0.1:{server.port}"), timeout=1)
        monkeypatch.setattr(smtp, "_is_local", False)
        with pytest.raises(NotDelivered, match="no encryption"):
            smtp.deliver(letter(), sender="a@b.example", recipient="c@d.example")
    assert not [command for command in server.commands if command.startswith("AUTH")]


def test_a_server_that_offers_encryption_is_taken_at_its_word() -> None:
    offers = {"EHLO": "250-test\r\n250 STARTTLS", "STARTTLS": "220 go on"}
    with serving(**offers) as server, pytest.raises(NotDelivered):
        deliver(
            f"smtp://127.0.0.1:{server.port}"
        )  # it cannot do it: better no mail than a clear one
    assert "STARTTLS" in [command.upper() for command in server.commands]
    assert server.letters == []


def test_a_folder_gets_one_file_a_mail(folder: Path) -> None:
    for _ in range(2):  # a retry writes the same file
        Folder(folder).deliver(letter(), sender="a@b.example", recipient="c@d.example")
    [path] = folder.iterdir()
    assert path.name == "abc.eml"
    mail = email.message_from_bytes(path.read_bytes(), policy=default)
    assert mail["Subject"] == "Hello"


def test_a_folder_that_cannot_be_written_is_no_bug(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotDelivered):
        Folder(tmp_path / "file" / "mails").deliver(letter(), sender="a", recipient="b")


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("", Keeping),
        ("outbox:", Keeping),
        ("file:var/mail", Folder),
        ("file:///var/mail", Folder),
        ("smtp://mail.example", Smtp),
        ("smtps://user:p%40ss@mail.example:465", Smtp),
    ],
)
def test_the_address_says_how_mails_go(url: str, kind: type) -> None:
    assert isinstance(from_settings(environment(url)), kind)


def environment(mail_url: str) -> Settings:
    return Settings(
        app_env="test",
        secret_key="a key for tests only",
        site_url="http://localhost",
        stripe_secret_key="sk_test_x",
        stripe_webhook_secret=("whsec_test",),
        mail_url=mail_url,
    )
