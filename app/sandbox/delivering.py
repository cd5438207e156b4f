"""Telling the endpoints: what is due, signed, sent, retried, and what became of it.

A failed delivery is tried ten more times over three days of sandbox time. The tries are counted,
so that a clock that is advanced by a month does not lose an event.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b, sha256

from app.sandbox import recorded
from app.sandbox.acting import Act, Told
from app.sandbox.errors import Json, RequestFailed, missing
from app.sandbox.versions import event_at

Sender = Callable[[str, dict[str, str], bytes], int]
MINUTE, HOUR = 60, 3600
DELAYS = (
    5, 30, 2 * MINUTE, 10 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR, 24 * HOUR,
)  # fmt: skip


@dataclass(frozen=True)
class Letter:
    """One signed event on its way to one endpoint."""

    delivery: int
    event: str
    endpoint: str
    url: str
    secret: str
    body: bytes

    def headers(self, wall_time: float) -> dict[str, str]:
        """What goes with it; signatures are dated by wall time, whatever the sandbox's clock."""
        return {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": sign(self.body, self.secret, int(wall_time)),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }


def sign(body: bytes, secret: str, timestamp: int) -> str:
    """The header by which an endpoint knows that an event is ours."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def hand_over(act: Act) -> None:
    """Let every event of the act come due at the endpoints that want it."""
    if not act.told:
        return
    endpoints = [
        one for one in act.where("webhook_endpoint") if one["status"] == "enabled"
    ]  # fmt: skip
    for event in recorded.arrange(act.told, act.turned.order):
        asked = [one["id"] for one in endpoints if wants(one, event.type)]
        for endpoint_id in asked:
            _queue(act, event, endpoint_id)
        if asked:
            act.db.execute("UPDATE event SET pending = ? WHERE id = ?", (len(asked), event.id))


def wants(endpoint: Json, event_type: str) -> bool:
    """Whether an endpoint asked for this type of event."""
    enabled = endpoint["enabled_events"]
    return "*" in enabled or event_type in enabled


def resend(act: Act, event_id: str) -> int:
    """Let an event come due again at every endpoint that wants it; returns at how many."""
    row = act.db.execute("SELECT type FROM event WHERE id = ?", (event_id,)).fetchone()
    if row is None:
        raise missing("event", event_id, param="event", status=404)
    count = 0
    for endpoint in act.where("webhook_endpoint"):
        if endpoint["status"] == "enabled" and wants(endpoint, row[0]):
            _insert(act, event_id, endpoint["id"], due=act.now, rank=_next_rank(act))
            count += 1
    return count


def claim(act: Act, limit: int) -> list[Letter]:
    """Take deliveries that are due, in their order, and write their letters."""
    if act.turned.paused:
        return []
    rows = act.db.execute(
        "SELECT seq, event, endpoint FROM delivery WHERE status = 'waiting' AND due <= ?"
        " ORDER BY rank, seq LIMIT ?",
        (act.now, limit),
    ).fetchall()
    letters = []
    for seq, event_id, endpoint_id in rows:
        letter = _letter(act, seq, event_id, endpoint_id)
        state = "sending" if letter else "failed"
        act.db.execute("UPDATE delivery SET status = ? WHERE seq = ?", (state, seq))
        if letter:
            letters.append(letter)
    return letters


def record(act: Act, letter: Letter, status: int) -> bool:
    """Keep what came of a letter; ``status`` 0 is no answer. Returns whether it arrived."""
    attempts = act.db.execute(
        "SELECT attempts FROM delivery WHERE seq = ?", (letter.delivery,)
    ).fetchone()[0]
    arrived = 200 <= status < 300
    if arrived:
        state, due = "delivered", act.now
    elif attempts < len(DELAYS):
        state, due = "waiting", act.now + DELAYS[attempts]
    else:
        state, due = "failed", act.now
    act.db.execute(
        "UPDATE delivery SET status = ?, attempts = ?, due = ?, response = ? WHERE seq = ?",
        (state, attempts + 1, due, status, letter.delivery),
    )
    if arrived:
        act.db.execute(
            "UPDATE event SET pending = (SELECT count(DISTINCT endpoint) FROM delivery d"
            " WHERE d.event = event.id AND NOT EXISTS (SELECT 1 FROM delivery e WHERE"
            " e.event = d.event AND e.endpoint = d.endpoint AND e.status = 'delivered'))"
            " WHERE id = ?",
            (letter.event,),
        )
    return arrived


def release(act: Act) -> None:
    """What was on its way when the sandbox was stopped is sent again."""
    act.db.execute("UPDATE delivery SET status = 'waiting' WHERE status = 'sending'")


def overview(act: Act, limit: int = 200) -> Json:
    """How many deliveries are in which state, and the newest of them."""
    states = dict(act.db.execute("SELECT status, count(*) FROM delivery GROUP BY status"))
    rows = act.db.execute(
        "SELECT d.seq, d.event, e.type, d.endpoint, d.status, d.attempts, d.response, d.due"
        " FROM delivery d JOIN event e ON e.id = d.event ORDER BY d.seq DESC LIMIT ?",
        (limit,),
    )
    names = ("delivery", "event", "type", "endpoint", "status", "attempts", "response", "due")
    return {"states": states, "newest": [dict(zip(names, row, strict=True)) for row in rows]}


def endpoint_with(act: Act, endpoint: Json, secret: str) -> Json:
    """Keep an endpoint with its secret; an empty secret would verify against anything."""
    if not secret:
        raise RequestFailed("An endpoint needs a secret.", param="secret")
    return act.add(endpoint, secret=secret)


def _queue(act: Act, event: Told, endpoint_id: str) -> None:
    turned = act.turned
    fate = f"{turned.seed}/{event.id}/{endpoint_id}"
    dropped = _chance(fate) < turned.drop
    for copy in range(turned.duplicate):
        rank = _next_rank(act)
        if turned.reorder:
            rank += turned.reorder * _chance(f"{fate}/{copy}")
        _insert(
            act, event.id, endpoint_id, due=event.at + turned.delay, rank=rank,
            status="dropped" if dropped else "waiting", copy=copy,
        )  # fmt: skip


def _chance(fate: str) -> float:
    """A number from 0 to 1 that the text decides."""
    return int.from_bytes(blake2b(fate.encode(), digest_size=7).digest(), "big") / 2**56


def _next_rank(act: Act) -> float:
    place = int(act.meta.get("rank", "0")) + 1
    act.meta["rank"] = str(place)
    return float(place)


def _insert(
    act: Act, event: str, endpoint: str, *, due: int, rank: float, status: str = "waiting",
    copy: int = 0,
) -> None:  # fmt: skip
    act.db.execute(
        "INSERT INTO delivery (event, endpoint, due, rank, status, copy) VALUES (?, ?, ?, ?, ?, ?)",
        (event, endpoint, due, rank, status, copy),
    )


def _letter(act: Act, seq: int, event_id: str, endpoint_id: str) -> Letter | None:
    endpoint = act.find(endpoint_id)
    if endpoint is None or endpoint.get("deleted") or endpoint["status"] != "enabled":
        return None
    row = event_row(act, event_id)
    if row is None:
        return None
    version = act.turned.old_version or endpoint["api_version"] or act.account.api_version
    return Letter(
        delivery=seq,
        event=event_id,
        endpoint=endpoint_id,
        url=endpoint["url"],
        secret=str(act.hidden(endpoint_id)["secret"]),
        body=event_at(act, row, version).encode(),
    )


def event_row(act: Act, event_id: str) -> Json | None:
    """The kept parts of an event."""
    return next(iter(event_rows(act, "id = ?", (event_id,))), None)


def event_rows(act: Act, test: str, values: Sequence[object]) -> list[Json]:
    """The kept parts of the events that a test of SQL, with its order and limit, finds."""
    names = ("id", "type", "created", "request", "snapshot", "previous", "pending")
    rows = act.db.execute(
        f"SELECT {', '.join(names)} FROM event WHERE {test}",  # noqa: S608  (tests are ours)
        tuple(values),
    )
    return [dict(zip(names, row, strict=True)) for row in rows]


def event_object(act: Act, row: Json, version: str) -> Json:
    """The event as the API serves it."""
    found: Json = json.loads(event_at(act, row, version))
    return found
