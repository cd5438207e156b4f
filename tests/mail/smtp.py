"""A mail server on loopback that behaves as it is told: well, badly, or not at all."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

Answers = dict[str, str]
GOOD: Answers = {
    "hello": "220 test ready",
    "EHLO": "250-test\r\n250 8BITMIME",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    ".": "250 taken",
    "QUIT": "221 bye",
}
SILENT, CUT = "silent", "cut"


class SmtpServer:
    """Serves one connection after the other; ``letters`` are the texts that came through."""

    def __init__(self, answers: Answers) -> None:
        self.answers = GOOD | answers
        self.letters: list[str] = []
        self.commands: list[str] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.02)  # closing would not wake who waits for a connection
        self._done = threading.Event()
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._done.set()
        self._thread.join(5)
        self._socket.close()

    def _serve(self) -> None:
        while not self._done.is_set():
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                continue
            connection.settimeout(5)
            with connection, connection.makefile("rwb") as line:
                try:
                    self._talk(line)
                except (OSError, ValueError):
                    continue

    def _talk(self, line: object) -> None:
        reader = line
        if not self._say(reader, "hello"):
            return
        while raw := reader.readline():  # type: ignore[attr-defined]
            command = raw.decode().strip()
            word = command.split(" ")[0].upper()
            self.commands.append(command)
            if not self._say(reader, word) or word == "QUIT":
                return
            if word == "DATA" and self.answers["DATA"].startswith("354"):
                letter = self._letter(reader)
                if not self._say(reader, "."):
                    return
                self.letters.append(letter)

    def _letter(self, reader: object) -> str:
        lines = []
        while (raw := reader.readline()) not in {b".\r\n", b""}:  # type: ignore[attr-defined]
            lines.append(raw.decode())
        return "".join(lines)

    def _say(self, line: object, word: str) -> bool:
        """Answer; False where the connection is to end here."""
        answer = self.answers.get(word, "500 what?")
        if answer == CUT:
            return False
        if answer == SILENT:
            self._done.wait(5)
            return False
        line.write(f"{answer}\r\n".encode())  # type: ignore[attr-defined]
        line.flush()  # type: ignore[attr-defined]
        return True


@contextmanager
def serving(**answers: str) -> Iterator[SmtpServer]:
    """A mail server for the time of a test; answers by command, "end" for the dot after DATA."""
    if "end" in answers:
        answers["."] = answers.pop("end")
    server = SmtpServer(answers)
    try:
        yield server
    finally:
        server.close()
