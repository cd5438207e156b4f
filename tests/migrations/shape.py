"""What a database is made of, as sorted sentences that can be compared."""

from __future__ import annotations

import re

import sqlalchemy as sa

from app.core.db import Database

SQLITE = (
    "SELECT tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name != 'alembic_version'"
)
POSTGRESQL = {
    "column": """
        SELECT c.relname, a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
            || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
            || CASE WHEN a.attidentity != '' THEN ' IDENTITY' ELSE '' END
            || coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
            AND c.relnamespace = 'public'::regnamespace""",
    "constraint": """
        SELECT conrelid::regclass::text, conname || ' ' || pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid != 0""",
    "index": "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "trigger": """
        SELECT tgrelid::regclass::text, pg_get_triggerdef(oid)
        FROM pg_trigger WHERE NOT tgisinternal""",
    "function": """
        SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace""",
}


def shape(db: Database) -> list[str]:
    """Every table, column, constraint, index and trigger, but for Alembic's own table."""
    with db.reading() as session:
        if db.is_sqlite:
            rows = session.execute(sa.text(SQLITE)).all()
            return sorted(part for table, sql in rows for part in sqlite_parts(table, sql))
        return sorted(
            f"{kind} {name}: {text}"
            for kind, query in POSTGRESQL.items()
            for name, text in session.execute(sa.text(query))
            if "alembic_version" not in name
        )


def sqlite_parts(table: str, sql: str) -> list[str]:
    """CREATE TABLE in its columns and constraints, whose order tells nothing; others whole."""
    text = " ".join(sql.replace('"', "").split())
    if not text.startswith("CREATE TABLE"):
        return [text]
    head, _, body = text.partition("(")
    return [head.strip(), *(f"{table}: {part}" for part in split_outside(body.rpartition(")")[0]))]


def split_outside(text: str) -> list[str]:
    """Split at the commas that stand in no bracket and no quoted text."""
    parts, depth, quoted = [""], 0, False
    for letter in text:
        if letter == "'":
            quoted = not quoted
        depth += 0 if quoted else {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0 and not quoted:
            parts.append("")
        else:
            parts[-1] += letter
    return [re.sub(r"\s+", " ", part).strip() for part in parts]
