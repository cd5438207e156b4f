"""What a page remembers from a form to the page after it, in the memory of the process."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from typing import Generic, TypeVar

MOST = 1000

Note = TypeVar("Note")


class Notes(Generic[Note]):
    """The latest notes by key; the oldest make room for new ones."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._notes: OrderedDict[str, Note] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, key: str, note: Note) -> None:
        """Remember a note under a key, in place of an older one."""
        with self._lock:
            self._notes[key] = note
            self._notes.move_to_end(key)
            while len(self._notes) > self._most:
                self._notes.popitem(last=False)

    def leave(self, note: Note) -> str:
        """Remember a note under a key that nobody can guess."""
        key = secrets.token_urlsafe(9)
        self.keep(key, note)
        return key

    def read(self, key: str) -> Note | None:
        """The note with this key, if it is still there."""
        with self._lock:
            return self._notes.get(key)

    def forget(self, key: str) -> None:
        """Let go of a note."""
        with self._lock:
            self._notes.pop(key, None)
