"""A mail on its way: headers that hold what they should, and nothing that was smuggled in."""

from __future__ import annotations

import email
from datetime import UTC, datetime
from email.policy import default
from typing import Any

import pytest

from app.mail.composing import Unwritable, compose
from app.mail.models import OutboxMessage
from app.newsroom.models import Newsroom


def written(**changes: Any) -> OutboxMessage:
    values = {
        "message_id": "<abc@ledger.example>",
        "kind": "test",
        "to_address": "daryna@example.org",
        "language": "uk",
        "subject": "Вхід до «Дніпровського журналу»",
        "text": "Ваш код: 123 456\n",
        "html": "<p>" + "Ваш код: 123 456 " * 200 + "</p>",
        "created_at": datetime(2026, 6, 10, 12, 0, tzinfo=UTC),
    }
    return OutboxMessage(**(values | changes))


def sent(message: OutboxMessage, **changes: Any) -> Any:
    """What a mail program reads from the bytes that went over the line."""
    newsroom = Newsroom(**({"name": "The Dnipro Ledger", "reply_to": ""} | changes))
    mail = compose(message, newsroom=newsroom, mail_from="post@ledger.example")
    raw = mail.as_bytes()
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    return email.message_from_bytes(raw, policy=default)


def test_a_mail_has_the_headers_that_it_should() -> None:
    mail = sent(written(), reply_to="desk@ledger.example")
    assert mail["From"] == "The Dnipro Ledger <post@ledger.example>"
    assert mail["To"] == "daryna@example.org"
    assert mail["Reply-To"] == "desk@ledger.example"
    assert mail["Subject"] == "Вхід до «Дніпровського журналу»"
    assert mail["Message-ID"] == "<abc@ledger.example>"
    assert mail["Date"].datetime == datetime(2026, 6, 10, 12, 0, tzinfo=UTC)
    assert mail["Content-Language"] == "uk"
    assert mail["Auto-Submitted"] == "auto-generated"


def test_text_and_html_are_two_sides_of_one_mail() -> None:
    mail = sent(written())
    assert mail.get_content_type() == "multipart/alternative"
    text, html = mail.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text.get_content().strip() == "Ваш код: 123 456"


def test_only_a_mail_of_a_list_can_be_unsubscribed_from() -> None:
    assert "List-Unsubscribe" not in sent(written())
    mail = sent(written(unsubscribe_url="https://ledger.example/unsubscribe/abc"))
    assert mail["List-Unsubscribe"] == "<https://ledger.example/unsubscribe/abc>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_newsroom_with_line_breaks_in_its_name_injects_no_header() -> None:
    mail = sent(written(), name="Ledger\r\nBcc: everybody@example.org")
    assert mail["From"].addresses[0].addr_spec == "post@ledger.example"
    assert mail["From"].addresses[0].display_name == "Ledger Bcc: everybody@example.org"
    assert "Bcc" not in mail


@pytest.mark.parametrize(
    "address", ["a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", "no address", ""]
)
def test_an_address_that_is_more_or_less_than_one_is_refused(address: str) -> None:
    with pytest.raises(Unwritable):
        sent(written(to_address=address))


def test_an_international_domain_is_written_as_servers_know_it() -> None:
    assert sent(written(to_address="ivan@приклад.укр"))["To"] == "ivan@xn--80aikifvh.xn--j1amh"


def test_the_sender_may_be_given_with_a_name() -> None:
    newsroom = Newsroom(name="The Dnipro Ledger", reply_to="")
    mail = compose(written(), newsroom=newsroom, mail_from="Us <post@ledger.example>")
    assert mail["From"].addresses[0].addr_spec == "post@ledger.example"
