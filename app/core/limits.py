"""How often something may be tried: counted in the database, so that all processes agree.

Wall time; windows start at the first try. With REDIS_URL the same rules are counted there, and in
the database while Redis does not answer: nobody is kept out for that, and nobody gets in unlimited.
Who is counted stands in a key as a hash, so that an address outlives nobody who is erased.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar, cast

import sqlalchemy as sa
import structlog
from limits import RateLimitItem, parse
from limits.errors import ConfigurationError, StorageError
from limits.storage import Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy.orm import Mapped, mapped_column

from app.core import jobs
from app.core.clock import wall_clock
from app.core.db import Base, Database, insert_for
from app.core.errors import TooMany
from app.core.settings import BadEnvironment
from app.core.signing import fingerprint

REDIS_SECONDS = 0.5  # a reader waits
REDIS_REST = 30  # seconds for which a Redis that did not answer is not asked again
T = TypeVar("T")
log = structlog.get_logger()


class LimitWindow(Base):
    """How often one key was used in its running window."""

    __tablename__ = "limit_window"
    __table_args__ = (sa.CheckConstraint("hits >= 0", name="hits"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    hits: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Limiter:
    """Counts tries and refuses the one too many."""

    def __init__(self, db: Database, redis_url: str = "") -> None:
        self._database = FixedWindowRateLimiter(DatabaseStorage(db))
        self._redis = FixedWindowRateLimiter(_redis(redis_url)) if redis_url else None
        self._rests_until = 0.0

    def hit(self, rule: str, what: str, *who: str) -> None:
        """Count one try of somebody under a rule like "10/5minute"; raises TooMany past it."""
        item, key = parse(rule), _key(what, who)
        left = self._asked(lambda counter: _hit(counter, item, key))
        if left is not None:
            raise TooMany(retry_after=left)

    def take_back(self, rule: str, what: str, *who: str) -> None:
        """Count the last try as none, after the right answer came."""
        item, key = parse(rule), _key(what, who)
        self._asked(lambda counter: counter.hit(item, *key, cost=-1))

    def forgive(self, rule: str, what: str, *who: str) -> None:
        """Forget all tries of somebody."""
        item, key = parse(rule), _key(what, who)
        self._asked(lambda counter: counter.clear(item, *key))

    def _asked(self, ask: Callable[[FixedWindowRateLimiter], T]) -> T:
        """Ask Redis, if there is one that answers, else the database; its errors are its own."""
        if self._redis is not None and time.monotonic() >= self._rests_until:
            try:
                return ask(self._redis)
            except StorageError as error:
                self._rests_until = time.monotonic() + REDIS_REST
                reason = str(error.storage_error)[:500]
                log.error("Redis does not answer: limits are counted here meanwhile", error=reason)
        return ask(self._database)


def _hit(counter: FixedWindowRateLimiter, item: RateLimitItem, key: tuple[str, str]) -> int | None:
    """None, or where it is one too many, the seconds to wait."""
    if counter.hit(item, *key):
        return None
    return max(1, round(counter.get_window_stats(item, *key).reset_time - time.time()))


def _redis(url: str) -> Storage:
    patience: Any = {"socket_timeout": REDIS_SECONDS, "socket_connect_timeout": REDIS_SECONDS}
    try:
        return cast("Storage", storage_from_string(url, wrap_exceptions=True, **patience))
    except ConfigurationError as error:
        raise BadEnvironment([f"REDIS_URL is set, but: {error}"]) from None


class DatabaseStorage(Storage):
    """The counters of the limits library as rows; an upsert counts, so twenty at once are 20."""

    STORAGE_SCHEME = ["db"]  # noqa: RUF012  (the library reads it from the class)

    def __init__(self, db: Database) -> None:
        super().__init__()
        self._db = db

    @property
    def base_exceptions(self) -> type[Exception]:
        return sa.exc.SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = wall_clock()
        with self._db.statement() as connection:
            counted = connection.execute(
                _counting(connection.dialect.name),
                {
                    "key": key,
                    "hits": max(amount, 0),  # what is taken back may be of a window that is over
                    "expires_at": now + timedelta(seconds=expiry),
                    "amount": amount,
                    "now": now,
                },
            )
            return int(counted.scalar_one())

    def get(self, key: str) -> int:
        row = self._row(key)
        return row.hits if row else 0

    def get_expiry(self, key: str) -> float:
        row = self._row(key)
        return row.expires_at.timestamp() if row else time.time()

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        with self._db.transaction() as session:
            result: Any = session.execute(sa.delete(LimitWindow))
            return int(result.rowcount)

    def clear(self, key: str) -> None:
        with self._db.transaction() as session:
            session.execute(sa.delete(LimitWindow).where(LimitWindow.key == key))

    def _row(self, key: str) -> LimitWindow | None:
        alive = sa.and_(LimitWindow.key == key, LimitWindow.expires_at > wall_clock())
        with self._db.reading() as session:
            return session.scalar(sa.select(LimitWindow).where(alive))


@jobs.every(timedelta(days=1), "limits.purge")
def purge(work: jobs.Work, _payload: dict[str, Any]) -> None:
    """Forget the windows that are over."""
    with work.db.transaction() as session:
        session.execute(sa.delete(LimitWindow).where(LimitWindow.expires_at <= wall_clock()))


def _key(what: str, who: tuple[str, ...]) -> tuple[str, str]:
    return what, fingerprint("\n".join(who))


@cache
def _counting(dialect: str) -> Any:
    """One statement, made once: every form that is sent counts several times."""
    insert, amount = insert_for(dialect, LimitWindow), sa.bindparam("amount", type_=sa.BigInteger())
    hits, over = LimitWindow.hits + amount, LimitWindow.expires_at <= sa.bindparam("now")
    return insert.on_conflict_do_update(
        index_elements=[LimitWindow.key],
        set_={
            "hits": sa.case((over, insert.excluded.hits), (hits < 0, 0), else_=hits),
            "expires_at": sa.case((over, insert.excluded.expires_at), else_=LimitWindow.expires_at),
        },
    ).returning(LimitWindow.hits)
