"""The sandbox's engine: its file, its clock, and what comes due."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from app.sandbox import delivering, timing
from app.sandbox.acting import Account, Act, Cause
from app.sandbox.billing import (  # fmt: skip
    charging,
    checking_out,
    collecting,
    debiting,
    ending,
    refunding,
    renewing,
)
from app.sandbox.errors import Json, RequestFailed
from app.sandbox.store import Store

BY_ITSELF = Cause()
DAY = 86_400
BATCH = 40
EVENTS_KEPT = 30 * DAY
ANSWERS_KEPT = 2 * DAY
SEEN_WITHIN = 0.5  # seconds of real time in which all who follow the clock look at it
COMES_DUE: dict[str, Callable[[Act, str, Json | None], object]] = {
    "renew": renewing.renew,
    "upcoming": renewing.announce,
    "finalize": renewing.finalize,
    "resume_collection": renewing.resume_collection,
    "retry": collecting.retry,
    "settle": charging.settle,
    "debit": debiting.answered,
    "cancel_at": ending.planned,
    "expire_subscription": ending.expire,
    "expire_session": checking_out.expire,
    "refund_reference": refunding.reference_known,
}


class Machine:
    """Transactions, time, and the things that time brings."""

    def __init__(
        self,
        path: str | Path,
        *,
        account: Account,
        real_time: Callable[[], float] = time.time,
    ) -> None:
        self.account = account
        self.store = Store(path)
        self.wake = threading.Event()
        self.real_time = real_time
        self._moving = threading.RLock()
        self._seen_at = 0.0
        # Only whoever holds the store's lock sees or sets it.
        self._open: Act | None = None
        with self.act() as act:
            delivering.release(act)

    @contextmanager
    def act(self, cause: Cause = BY_ITSELF) -> Iterator[Act]:
        """One transaction; what it tells is handed to the endpoints when it ends well.

        Within another act of the same thread it is that act.
        """
        with self.store.transaction() as db:
            if self._open is not None:
                yield self._open
                return
            meta: dict[str, str] = dict(db.execute("SELECT key, value FROM meta"))
            before = dict(meta)
            now = timing.read(meta, self.real_time).now
            act = self._open = Act(db, self.account, now, cause, meta)
            try:
                yield act
            finally:
                self._open = None
            delivering.hand_over(act)
            for key in before.keys() - meta.keys():
                db.execute("DELETE FROM meta WHERE key = ?", (key,))
            for key, value in meta.items():
                if before.get(key) != value:
                    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))
        if act.told:
            self.wake.set()

    def now(self) -> int:
        """The sandbox's time in seconds since the epoch."""
        return self._reading().now

    def clock(self) -> Json:
        """Where the clock stands, and when the next thing comes due."""
        with self.act() as act:
            row = act.db.execute("SELECT min(at) FROM due").fetchone()
            reading = timing.read(act.meta, self.real_time)
        return asdict(reading) | {"now": reading.now, "next_due": row[0]}

    def advance(self, *, seconds: int | None = None, to: int | None = None) -> Json:
        """Move the clock on; all that comes due happens in its order, at its own instant."""
        with self._by_hand():
            if (seconds is None) == (to is None):
                raise RequestFailed("Say either how many seconds or to which instant.")
            now = self.now()
            target = to if to is not None else now + (seconds or 0)
            if target < now:
                raise RequestFailed("The clock does not go back.", param="to")
            if target > timing.LATEST:
                raise RequestFailed("The clock ends with the year 2099.", param="to")
            happened = self._run_due(target)
            with self.act() as act:
                timing.move(act.meta, target, self.real_time)
        return self.clock() | {"happened": happened}

    def freeze(self, at: int) -> Json:
        """Let the clock stand at an instant; only an empty sandbox may go back."""
        with self._by_hand():
            with self.act() as act:
                held = act.db.execute(
                    "SELECT 1 FROM object WHERE kind != 'webhook_endpoint' LIMIT 1"
                ).fetchone()
            if at < self.now() and held:
                raise RequestFailed(
                    "Only the clock of an empty sandbox can go back.", param="freeze"
                )
            happened = self._run_due(at)
            with self.act() as act:
                timing.freeze(act.meta, at)
        return self.clock() | {"happened": happened}

    def resume(self) -> Json:
        """Let the clock run again, from real time or from where it stands if that is later."""
        with self._by_hand():
            with self.act() as act:
                timing.resume(act.meta, self.real_time)
            happened = self.tick()
        return self.clock() | {"happened": happened}

    def tick(self) -> int:
        """Let happen what has come due by now; returns how many things that were.

        While the clock is being moved, whoever moves it does that.
        """
        if not self._moving.acquire(blocking=False):
            return 0
        try:
            return self._run_due(self.now())
        finally:
            self._moving.release()

    @property
    def is_seen(self) -> bool:
        """Whether all who follow the clock know where it stands.

        Not while it is moved by hand, and for a moment after: what happened on the way would
        reach them from a future of theirs.
        """
        return time.monotonic() >= self._seen_at

    @contextmanager
    def _by_hand(self) -> Iterator[None]:
        with self._moving:
            self._seen_at = math.inf
            try:
                yield
            finally:
                self._seen_at = time.monotonic() + SEEN_WITHIN

    def _reading(self) -> timing.Reading:
        with self.act() as act:
            return timing.read(act.meta, self.real_time)

    def _run_due(self, until: int) -> int:
        happened = 0
        while done := self._run_some(until):
            happened += done
        self._prune(until)
        return happened

    def _run_some(self, until: int) -> int:
        """A batch of due things, each at its own instant; a short one, since others wait."""
        with self.act() as act:
            happened = 0
            while happened < BATCH:
                row = act.db.execute(
                    "SELECT seq, at, kind, target, payload FROM due WHERE at <= ?"
                    " ORDER BY at, seq LIMIT 1",
                    (until,),
                ).fetchone()
                if row is None:
                    break
                act.db.execute("DELETE FROM due WHERE seq = ?", (row[0],))
                act.now = row[1]
                COMES_DUE[row[2]](act, row[3], json.loads(row[4]) if row[4] else None)
                happened += 1
            if happened:
                timing.move(act.meta, act.now, self.real_time)
        return happened

    def _prune(self, now: int) -> None:
        """Forget old events that have arrived, and old answers, once a day."""
        with self.act() as act:
            if now - int(act.meta.get("pruned", "0")) < DAY:
                return
            act.meta["pruned"] = str(now)
            act.db.execute(
                "DELETE FROM event WHERE created < ? AND NOT EXISTS (SELECT 1 FROM delivery d"
                " WHERE d.event = event.id AND d.status IN ('waiting', 'sending'))",
                (now - EVENTS_KEPT,),
            )
            act.db.execute(
                "DELETE FROM delivery WHERE NOT EXISTS"
                " (SELECT 1 FROM event WHERE event.id = delivery.event)"
            )
            act.db.execute("DELETE FROM answer WHERE created < ?", (now - ANSWERS_KEPT,))
