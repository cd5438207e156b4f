"""A row in every table, whatever the tables are: for seeing that a migration keeps it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.db import Database

START = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
ONE_OF = re.compile(r"""(\w+)"?\)?(?:::\w+)? (?:IN \(|= ANY \(+ARRAY\[)'(\w+)'""")
# PostgreSQL writes a list of one word so.
ONLY = re.compile(r"""\(*"?(\w+)"?\)?(?:::\w+)? = '(\w+)'(?:::\w+)?\)*""")
# What no type and no list of words tells.
KNOWN = {"accent": "#0b5563", "currency": "EUR", "email": "someone@example.org"}


def fill(db: Database) -> None:
    """Give a row to each table that has none; the database's own triggers may add another."""
    with db.transaction() as session:
        keys: dict[sa.Column[Any], Any] = {}
        for table in reflected(session):
            if not session.execute(sa.select(table)).first():
                row = row_for(table, words_of(session, table), keys)
                session.execute(table.insert().values(row))
            kept: Any = session.execute(sa.select(table)).mappings().first() or {}
            keys |= {column: kept[column.name] for column in table.columns}


def counts(db: Database, among: Iterable[str] | None = None) -> dict[str, int]:
    """How many rows each table has, or each of those named."""
    with db.reading() as session:
        names = sa.inspect(session.connection()).get_table_names()
        return {
            name: session.scalar(sa.select(sa.func.count()).select_from(sa.table(name))) or 0
            for name in names
            if name != "alembic_version" and (among is None or name in among)
        }


def reflected(session: Session) -> list[sa.Table]:
    """The tables that are there, parents first, without Alembic's own."""
    metadata = sa.MetaData()
    metadata.reflect(session.connection())
    return [table for table in metadata.sorted_tables if table.name != "alembic_version"]


def words_of(session: Session, table: sa.Table) -> dict[str, str]:
    """For each column that must be one of some words, the first of them."""
    checks = sa.inspect(session.connection()).get_check_constraints(table.name)
    texts = [str(check["sqltext"]) for check in checks]
    only = {match[1]: match[2] for text in texts if (match := ONLY.fullmatch(text))}
    return only | dict(pair for text in texts for pair in ONE_OF.findall(text))


def row_for(
    table: sa.Table, words: dict[str, str], keys: dict[sa.Column[Any], Any]
) -> dict[str, Any]:
    """Values for the columns that must have one."""
    row: dict[str, Any] = {}
    for number, column in enumerate(table.columns):
        if column.nullable or column.server_default is not None:
            continue
        parents = [key.column for key in column.foreign_keys]
        if parents:
            row[column.name] = keys[parents[0]]
        else:
            row[column.name] = words.get(column.name) or value_for(column, number)
    return row


def value_for(column: sa.Column[Any], number: int) -> object:
    """A plausible value; times come in the order of the columns."""
    if column.name in KNOWN:
        return KNOWN[column.name]
    kind = dict if isinstance(column.type, sa.JSON) else column.type.as_generic().python_type
    if kind is datetime:
        time = START + timedelta(hours=number)
        return time if getattr(column.type, "timezone", False) else time.replace(tzinfo=None)
    if kind is str:
        length = getattr(column.type, "length", None) or 40
        return f"{column.table.name}.{column.name}"[:length]
    return {bool: False, dict: {}, bytes: b"1", date: START.date()}.get(kind, 1)
