"""The database: one Database an app, short transactions, our own column types.

SQLite is used as a serious database: writers begin IMMEDIATE (a deferred begin loses updates
or fails under load), readers begin plain and never turn to writing. PostgreSQL needs nothing of
this. This is the only module in which ``commit`` stands.
"""

from __future__ import annotations

import json
import select
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, Dialect, Engine, ExceptionContext, make_url
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from app.core.driving import drive
from app.core.settings import BadEnvironment

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
Options = tuple[dict[str, Any], dict[str, Any]]
BUSY_TIMEOUT_MS = 5000
TURN_SECONDS = 2.0  # a writer that has waited so long for its own process asks SQLite itself
# A server that vanished without a word, or a cut line, is noticed by the system within 8 seconds.
WATCHED = {
    "keepalives_idle": 4, "keepalives_interval": 2, "keepalives_count": 2, "tcp_user_timeout": 8000,
}  # fmt: skip
# For reading, and for a statement alone. SQLite's are read by the begin hook below; psycopg sends
# PostgreSQL's with the BEGIN, so they cost no statement.
SQLITE_OPTIONS: Options = {"readonly": True}, {"alone": True}
POSTGRESQL_OPTIONS: Options = (
    {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
    {"isolation_level": "AUTOCOMMIT"},
)
SPELLED = " ", "microseconds"
T = TypeVar("T")


class UTCDateTime(TypeDecorator[datetime]):
    """An instant: aware, in UTC, on both engines. Naive values are refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Any:
        """One call for each value that is written; SQLite keeps text, as SQLAlchemy spells it."""
        if dialect.name == "sqlite":  # without the zone
            return lambda value: None if value is None else _utc(value).isoformat(*SPELLED)[:-6]
        return lambda value: None if value is None else _utc(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """One call for each value that is read, as there are more of them than of any other."""
        if dialect.name == "sqlite":  # it keeps them as text, without the zone
            return lambda text: None if text is None else datetime.fromisoformat(text + "+00:00")
        return lambda value: None if value is None else value.astimezone(UTC)


def _utc(value: datetime) -> datetime:
    if value.tzinfo is UTC:
        return value
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    return value.astimezone(UTC)


class JSONDoc(TypeDecorator[Any]):
    """A JSON document: JSONB on PostgreSQL, text on SQLite."""

    impl = sa.JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.JSONB())
        return dialect.type_descriptor(sqlite.JSON())


BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class Base(DeclarativeBase):
    """All tables of the product."""

    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012  (SQLAlchemy reads it from the class)
        datetime: UTCDateTime(),
        int: sa.BigInteger(),
        str: sa.Text(),
        dict[str, Any]: JSONDoc(),
        list[Any]: JSONDoc(),
    }


class Database:
    """One engine and the ways to use it: ``reading()`` and ``transaction()`` mostly.

    ``info`` is what each session of it carries as ``session.info``: what a listener must know that
    is given nothing but the session.
    """

    def __init__(
        self, url: str, *, pool_size: int = 10, info: Mapping[str, Any] | None = None
    ) -> None:
        self.url = make_url(url)
        self.info = dict(info or {})
        self._writer = Lock()
        self.engine = _engine(self.url, pool_size=pool_size)
        reader, alone = SQLITE_OPTIONS if self.is_sqlite else POSTGRESQL_OPTIONS
        self._reader = self.engine.execution_options(**reader)
        self._alone = self.engine.execution_options(**alone)

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A short writing transaction: all of it is kept, or nothing. No network inside."""
        opened = Session(self.engine, expire_on_commit=False, info=self.info)
        with self._turn(), opened as session, session.begin():
            yield session

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The same for statements that were made beforehand, without a session around them."""
        with self._turn(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A read-only session over one snapshot; it never blocks a writer, and never writes."""
        with Session(self._reader, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextmanager
    def statement(self) -> Iterator[Connection]:
        """For one statement, which is a transaction by itself: no begin and commit around it."""
        with self._alone.connect() as connection:
            yield connection

    def dispose(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Let the writers of this process queue up: SQLite has one, and waits for it by napping."""
        is_mine = self.is_sqlite and self._writer.acquire(timeout=TURN_SECONDS)
        try:
            yield
        finally:
            if is_mine:
                self._writer.release()


def insert_once(
    where: Session | Connection,
    model: type[Base],
    values: dict[str, Any] | Sequence[dict[str, Any]],
) -> int:
    """Insert rows, skipping those whose unique key is taken; gives how many were new.

    This is where insert races end: two that insert the same key are one row and no error.
    """
    if isinstance(where, Session):
        if where.autoflush:
            where.flush()  # what these rows point at may be new itself
        where = where.connection()
    return drive(where, _insert_once(where.dialect.name, model), values)[0]


def insert_into(session: Session, model: type[Base]) -> Any:
    """The engine's own INSERT, which knows ON CONFLICT (both engines spell it alike)."""
    return insert_for(session.get_bind().dialect.name, model)


def insert_for(dialect: str, model: type[Base]) -> Any:
    """The same by the engine's name, for statements that are made once and kept."""
    return sqlite.insert(model) if dialect == "sqlite" else postgresql.insert(model)


@cache
def _insert_once(dialect: str, model: type[Base]) -> Any:
    return insert_for(dialect, model).on_conflict_do_nothing()


def append_only(table: sa.Table) -> None:
    """Let the database refuse to change or delete a row of this table."""
    made_with(table, append_only_ddl(table.name))


def made_with(table: sa.Table, ddl: dict[str, list[str]]) -> None:
    """Run an engine's own statements, such as triggers, whenever the table is made."""
    for dialect, statements in ddl.items():
        for statement in statements:
            made = sa.DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]
            event.listen(table, "after_create", made.execute_if(dialect=dialect))


def append_only_ddl(table: str) -> dict[str, list[str]]:
    """The triggers behind ``append_only``, by dialect; migrations run the same text."""
    return {
        "sqlite": [
            f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for verb in ("update", "delete")
        ],
        "postgresql": [
            f"CREATE OR REPLACE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$",
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_refuse()",
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()",
        ],
    }


def for_update(statement: sa.Select[T]) -> sa.Select[T]:
    """Take the rows' locks on PostgreSQL; SQLite's writer has the whole file already."""
    return statement.with_for_update()


def _engine(url: URL, *, pool_size: int) -> Engine:
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, pool_size=pool_size)
    engine = sa.create_engine(
        url,
        pool_size=pool_size,
        max_overflow=5,
        pool_timeout=5,
        hide_parameters=True,
        connect_args=WATCHED
        | {"connect_timeout": 5, "options": "-c timezone=UTC -c lock_timeout=8000"},
    )
    event.listen(engine, "checkout", _try_cut)
    event.listen(engine, "handle_error", _hide_rows)
    return engine


def _hide_rows(context: ExceptionContext) -> None:
    """Errors go to logs: PostgreSQL's details quote rows, with the addresses in them."""
    error, told = context.original_exception, context.sqlalchemy_exception
    if isinstance(error, psycopg.Error) and error.diag.message_primary:
        error.args = (error.diag.message_primary,)
        if told is not None:
            told.args = (f"({type(error).__name__}) {error.diag.message_primary}",)


def _try_cut(driver: Any, _record: ConnectionPoolEntry, _proxy: object) -> None:
    """Whether a connection still leads to the database: one that was cut has its end to read.

    A look at the socket asks nobody, so it is done before every use; if there is something to
    read, which may be a word of the server's, the database is asked.
    """
    try:
        look = select.poll()
        look.register(driver.fileno(), select.POLLIN)
        if look.poll(0):
            driver.execute("SELECT 1")
            driver.rollback()
    except psycopg.Error as error:
        raise sa.exc.InvalidatePoolError() from error  # the pool then opens a new one


def _sqlite_engine(url: URL, *, pool_size: int) -> Engine:
    if url.database and url.database != ":memory:":
        _make_folder(Path(url.database).parent)
    engine = sa.create_engine(
        url,
        pool_size=pool_size,
        max_overflow=20,
        poolclass=sa.QueuePool,
        hide_parameters=True,
        json_serializer=_dump_json,
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fault = f"DATABASE_URL: {folder} cannot be made ({error.strerror}); give a folder of yours."
        raise BadEnvironment([fault]) from None


def _dump_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the begin hook below speaks for itself
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "temp_store=MEMORY",
        "trusted_schema=OFF",
    ):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("fold", 1, _fold, deterministic=True)


def _begin_sqlite(connection: Connection) -> None:
    """Begin by the driver itself: every transaction does, and pays for what stands around it."""
    options = connection.get_execution_options()
    if options.get("alone", False):
        return
    begin = "BEGIN" if options.get("readonly") else "BEGIN IMMEDIATE"
    driver: Any = connection.connection.dbapi_connection
    try:
        driver.execute(begin)
    except sqlite3.Error as error:
        raise sa.exc.DBAPIError.instance(begin, None, error, sqlite3.Error) from error


def _fold(text: str | None) -> str | None:
    return None if text is None else text.casefold()
