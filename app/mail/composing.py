"""A mail as it travels: headers that nothing can be injected into, text and HTML."""

from __future__ import annotations

from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from email_validator import EmailNotValidError, validate_email

from app.mail.models import OutboxMessage
from app.newsroom.models import Newsroom

# Not every server on the way takes eight bits.
POLICY = SMTP.clone(cte_type="7bit")
DEVELOPMENT_SENDER = "patron-desk@localhost"


class Unwritable(ValueError):
    """An address that no mail can be written to."""


def compose(message: OutboxMessage, *, newsroom: Newsroom, mail_from: str) -> EmailMessage:
    """The mail of an outbox row; the same row gives the same Message-ID and date again.

    Raises Unwritable.
    """
    mail = EmailMessage(policy=POLICY)
    name = " ".join(newsroom.name.split())
    try:
        mail["From"] = Address(display_name=name, addr_spec=sender_of(mail_from))
        mail["To"] = Address(addr_spec=ascii_address(message.to_address))
        if newsroom.reply_to:
            mail["Reply-To"] = Address(addr_spec=ascii_address(newsroom.reply_to))
    except (ValueError, MessageError) as error:
        raise Unwritable(str(error)) from error
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(message.created_at)
    mail["Message-ID"] = message.message_id
    mail["Auto-Submitted"] = "auto-generated"
    if message.unsubscribe_url:
        mail["List-Unsubscribe"] = f"<{message.unsubscribe_url}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    mail["Content-Language"] = message.language  # earlier, it would move into the first part
    return mail


def sender_of(mail_from: str) -> str:
    """The bare address of MAIL_FROM, which may be written with a name."""
    return ascii_address(parseaddr(mail_from)[1] or DEVELOPMENT_SENDER)


def ascii_address(address: str) -> str:
    """The address as mail servers take it: an international domain in IDNA."""
    if "@" not in address:
        raise Unwritable("there is no address to write to")
    if address.isascii():
        return address
    try:
        checked = validate_email(address, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise Unwritable(str(error)) from error
    return str(checked.ascii_email)
