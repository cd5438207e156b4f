"""One act of the sandbox: a request, or a thing that came due, with all that it writes and tells.

Objects are plain dictionaries in Stripe's shape. ``add`` and ``put`` keep them and, with the names
of events, tell the endpoints a snapshot of them; nothing is sent before the act is over.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from app.sandbox.errors import Json, missing
from app.sandbox.knobs import Knobs, read
from app.sandbox.store import undone

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LETTERS = bytes(ord(ALPHABET[i % 62]) for i in range(256))
# Where the columns that lists filter by stand in an object: customer, parent, other, status.
COLUMNS: dict[str, tuple[str, str, str, str]] = {
    "customer": ("", "", "email", ""),
    "payment_method": ("customer", "", "", "type"),
    "checkout.session": ("customer", "subscription", "payment_intent", "status"),
    "subscription": ("customer", "", "", "status"),
    "invoice": ("customer", "", "", "status"),
    "invoiceitem": ("customer", "", "invoice", ""),
    "invoice_payment": ("", "invoice", "", "status"),
    "payment_intent": ("customer", "", "", "status"),
    "charge": ("customer", "payment_intent", "", "status"),
    "balance_transaction": ("", "source", "currency", "type"),
    "refund": ("", "charge", "payment_intent", "status"),
    "price": ("", "product", "", "type"),
}


@dataclass(frozen=True)
class Account:
    """Who the sandbox's one account is, and under which address its own pages stand."""

    seed: int = 0
    api_version: str = "2026-10-28.endive"
    public_url: str = "http://127.0.0.1:8001"
    country: str = "DE"
    name: str = "Sandbox newsroom"


@dataclass(frozen=True)
class Cause:
    """The request behind an act; empty where time or a page caused it."""

    request: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True)
class Told:
    """An event of this act, before it is handed to the endpoints."""

    id: str
    type: str
    at: int


@dataclass
class Act:
    """The open transaction with the instant at which it happens."""

    db: sqlite3.Connection
    account: Account
    now: int
    cause: Cause
    meta: dict[str, str]
    told: list[Told] = field(default_factory=list)
    turned: Knobs = field(init=False)

    def __post_init__(self) -> None:
        self.turned = read(self.meta)

    def new_id(self, prefix: str, length: int = 24) -> str:
        """An id that the seed and the number of ids so far decide."""
        count = int(self.meta.get("ids", "0")) + 1
        self.meta["ids"] = str(count)
        text = f"{self.account.seed}/{count}".encode()
        return prefix + blake2b(text, digest_size=length).digest().translate(LETTERS).decode()

    def find(self, object_id: str) -> Json | None:
        """The object with this id, of whatever kind."""
        row = self.db.execute("SELECT body FROM object WHERE id = ?", (object_id,)).fetchone()
        found: Json | None = json.loads(row[0]) if row else None
        return found

    def get(self, kind: str, object_id: str, *, param: str = "id", status: int = 400) -> Json:
        """The object of this kind; raises RequestFailed(resource_missing)."""
        row = self.db.execute(
            "SELECT body FROM object WHERE id = ? AND kind = ?", (object_id, kind)
        ).fetchone()
        if row is None:
            raise missing(kind, object_id, param=param, status=status)
        found: Json = json.loads(row[0])
        return found

    def where(self, kind: str, **columns: str | None) -> list[Json]:
        """All objects of a kind with these columns, oldest first."""
        # "= ?" lets SQLite take the partial indices, which "IS ?" does not.
        tests = "".join(
            f" AND {name} IS NULL" if value is None else f" AND {name} = ?"
            for name, value in columns.items()
        )
        rows = self.db.execute(
            f"SELECT body FROM object WHERE kind = ?{tests} ORDER BY seq",  # noqa: S608  (names are ours)
            (kind, *(value for value in columns.values() if value is not None)),
        )
        return [json.loads(row[0]) for row in rows]

    def hidden(self, object_id: str) -> Json:
        """What the sandbox knows of an object and never serves."""
        row = self.db.execute("SELECT hidden FROM object WHERE id = ?", (object_id,)).fetchone()
        found: Json = json.loads(row[0]) if row and row[0] else {}
        return found

    def hide(self, object_id: str, **values: Any) -> None:
        """Remember something of an object that is never served."""
        merged = self.hidden(object_id) | values
        self.db.execute("UPDATE object SET hidden = ? WHERE id = ?", (_dump(merged), object_id))

    def add(self, obj: Json, *events: str, parent: str | None = None, **hidden: Any) -> Json:
        """Keep a new object and tell its events."""
        body = _dump(obj)
        kind = obj["object"]
        columns = _columns(obj)
        self.db.execute(
            "INSERT INTO object (id, kind, created, customer, parent, other, status, body, hidden)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                obj["id"], kind, obj.get("created", self.now), columns[0], parent or columns[1],
                columns[2], columns[3], body, _dump(hidden) if hidden else None,
            ),
        )  # fmt: skip
        for event in events:
            self._tell(event, body, None)
        return obj

    def put(self, obj: Json, *events: str, previous: Json | None = None) -> Json:
        """Keep a changed object; ``*.updated`` events carry what it was before."""
        body = _dump(obj)
        columns = _columns(obj)
        self.db.execute(
            "UPDATE object SET customer = ?, parent = coalesce(?, parent), other = ?, status = ?,"
            " body = ? WHERE id = ?",
            (*columns, body, obj["id"]),
        )
        for event in events:
            carries = event.endswith((".updated", ".refunded"))
            self._tell(event, body, previous if carries else None)
        return obj

    def change(self, obj: Json, *events: str, **values: Any) -> Json:
        """Set fields of an object; nothing is told where nothing is different."""
        previous = difference(obj, values)
        if not previous:
            return obj
        obj.update(values)
        return self.put(obj, *events, previous=previous)

    def delete(self, obj: Json, *events: str) -> Json:
        """Leave only the note that it was deleted; it is found by its id and in no list."""
        for event in events:
            self._tell(event, _dump(obj), None)
        note = {"id": obj["id"], "object": obj["object"], "deleted": True}
        self.db.execute(
            "UPDATE object SET kind = 'deleted', body = ?, hidden = NULL WHERE id = ?",
            (_dump(note), obj["id"]),
        )
        return note

    def tell(self, event: str, obj: Json, *, previous: Json | None = None) -> None:
        """Tell an event about an object that is not kept, or not as told."""
        self._tell(event, _dump(obj), previous)

    def schedule(self, at: int, kind: str, target: str, payload: Json | None = None) -> None:
        """Let something come due."""
        self.db.execute(
            "INSERT INTO due (at, kind, target, payload) VALUES (?, ?, ?, ?)",
            (at, kind, target, _dump(payload) if payload else None),
        )

    def unschedule(self, kind: str, target: str) -> None:
        """What was to come due does not."""
        self.db.execute("DELETE FROM due WHERE kind = ? AND target = ?", (kind, target))

    def _tell(self, event: str, snapshot: str, previous: Json | None) -> None:
        told = Told(self.new_id("evt_1"), event, self.now)
        self.told.append(told)
        self.db.execute(
            "INSERT INTO event (id, type, created, request, snapshot, previous)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                told.id, event, self._stamp(),
                _dump({"id": self.cause.request, "idempotency_key": self.cause.idempotency_key}),
                snapshot, _dump(previous) if previous else None,
            ),
        )  # fmt: skip

    def _stamp(self) -> int:
        coarse = self.turned.same_second
        return self.now - self.now % coarse if coarse else self.now


@contextmanager
def pretending(act: Act) -> Iterator[None]:
    """What happens inside is computed and then forgotten, events and time included."""
    now, told, meta = act.now, list(act.told), dict(act.meta)
    with undone(act.db):
        yield
    act.now, act.told[:] = now, told
    act.meta.clear()
    act.meta.update(meta)


def difference(old: Json, new: Json) -> Json:
    """The old values of what is different, one level into nested objects."""
    previous: Json = {}
    for key, value in new.items():
        was = old.get(key)
        if was == value:
            continue
        if isinstance(was, dict) and isinstance(value, dict) and key != "items":
            keys = (was.keys() | value.keys()) if key == "metadata" else value.keys()
            previous[key] = {k: was.get(k) for k in sorted(keys) if was.get(k) != value.get(k)}
        else:
            previous[key] = was
    return previous


def _columns(obj: Json) -> tuple[Any, Any, Any, Any]:
    kind = obj["object"]
    if kind == "invoice":
        return (obj["customer"], subscription_of(obj), None, obj["status"])
    if kind == "invoice_payment":
        return (None, obj["invoice"], obj["payment"].get("payment_intent"), obj["status"])
    names = COLUMNS.get(kind)
    if names is None:
        return (None, None, None, None)
    return (
        obj.get(names[0]), obj.get(names[1]), obj.get(names[2]), obj.get(names[3])
    )  # fmt: skip


def subscription_of(invoice: Json) -> str | None:
    """The id of the subscription that an invoice bills, if any."""
    parent = invoice.get("parent")
    details = parent.get("subscription_details") if parent else None
    found: str | None = details["subscription"] if details else None
    return found


_dump = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
