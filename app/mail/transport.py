"""How mails leave: by SMTP, into a folder, or not at all (development keeps them).

A transport either delivers, or says which it was: refused for good, or worth another try.
"""

from __future__ import annotations

import os
import smtplib
import ssl
import time
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from app.core.settings import Settings

TIMEOUT_SECONDS = 10
# A worker has more to do than to wait for a server that hangs, once for each mail.
REST_SECONDS = 30
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
PORTS = {"smtp": 587, "smtps": 465}


class Refused(Exception):
    """The mail server will not take this mail, however often it is asked."""


class NotDelivered(Exception):
    """The mail did not get through this time."""


class Unreachable(NotDelivered):
    """The server did not answer, or hung up: other mails would not get through now either."""


class Transport(Protocol):
    """Delivers one mail to one address (ASCII, domain in IDNA)."""

    keeps_outbox: bool  # whether the outbox is the only place where the mail can be read

    def deliver(self, mail: EmailMessage, *, sender: str, recipient: str) -> None:
        """Hand the mail over. Raises Refused or NotDelivered."""


def from_settings(settings: Settings) -> Transport:
    """The transport that MAIL_URL names; without one (development) mails are kept."""
    url = settings.mail_url
    if url in {"", "outbox:"}:
        return Keeping()
    if url.startswith("file:"):
        return Folder(Path(url.removeprefix("file:").removeprefix("//")))
    return Smtp(urlsplit(url))


class Keeping:
    """Sends nothing; /dev/mail shows what was written."""

    keeps_outbox = True

    def deliver(self, mail: EmailMessage, *, sender: str, recipient: str) -> None:
        """Nothing to do: the outbox has it."""


class Folder:
    """One .eml file a mail, named by its Message-ID, so that a retry writes the same file."""

    keeps_outbox = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def deliver(self, mail: EmailMessage, *, sender: str, recipient: str) -> None:
        name = str(mail["Message-ID"]).strip("<>").partition("@")[0]
        written = self._folder / f"{name}.part"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            written.write_bytes(mail.as_bytes(policy=SMTP))
            os.replace(written, self._folder / f"{name}.eml")
        except OSError as error:
            raise NotDelivered(f"{self._folder}: {error.strerror}") from error


class Smtp:
    """One connection a mail. A password never goes over a line that is not encrypted."""

    keeps_outbox = False

    def __init__(self, url: SplitResult, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self._encrypted = url.scheme == "smtps"
        self._host = url.hostname or ""
        self._is_local = self._host in LOOPBACK
        self._port = url.port or PORTS[url.scheme]
        self._user = unquote(url.username or "")
        self._password = unquote(url.password or "")
        self._timeout = timeout
        self._rests_until = 0.0
        self._why = ""

    def deliver(self, mail: EmailMessage, *, sender: str, recipient: str) -> None:
        if time.monotonic() < self._rests_until:
            raise NotDelivered(self._why)
        try:
            self._hand_over(mail, sender=sender, recipient=recipient)
        except Unreachable as error:
            self._rests_until = time.monotonic() + REST_SECONDS
            self._why = str(error)
            raise

    def _hand_over(self, mail: EmailMessage, *, sender: str, recipient: str) -> None:
        try:
            server = self._connect()
        except OSError as error:  # smtplib's own are such, too
            raise Unreachable(_words(error)) from error
        try:
            self._greet(server)
            server.send_message(mail, from_addr=sender, to_addrs=[recipient])
        except OSError as error:  # smtplib's own are such, too
            server.close()
            raise _judged(error) from error
        _leave(server)

    def _connect(self) -> smtplib.SMTP:
        if self._encrypted:
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout, context=context)
        return smtplib.SMTP(self._host, self._port, timeout=self._timeout)

    def _greet(self, server: smtplib.SMTP) -> None:
        server.ehlo_or_helo_if_needed()
        if not self._encrypted and server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        elif not self._encrypted and self._password and not self._is_local:
            raise smtplib.SMTPNotSupportedError(
                f"{self._host} offers no encryption, so the password was not sent"
            )
        if self._user:
            server.login(self._user, self._password)


def _judged(error: OSError) -> Refused | NotDelivered:
    """For good where the server said 5xx to this address or text.

    A login or a sender that it refuses is the operator's to mend, and then the mail gets through.
    """
    words = _words(error)
    answered = isinstance(error, smtplib.SMTPException)
    if not answered or isinstance(error, smtplib.SMTPServerDisconnected):
        return Unreachable(words)
    codes: list[int] = []
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
    elif isinstance(error, smtplib.SMTPDataError):
        codes = [error.smtp_code]
    return Refused(words) if codes and min(codes) >= 500 else NotDelivered(words)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]


def _leave(server: smtplib.SMTP) -> None:
    """Hang up; the mail was taken or not before this, so the answer tells nothing."""
    try:
        server.quit()
    except OSError:
        server.close()
