"""The sums by day and hour, kept by the database itself in the statement that moves or books.

Adding up every movement takes most of a second at half a million patrons, and a year of the ledger
a quarter of a minute, so ``movement_day`` and ``revenue_hour`` follow them. PostgreSQL has a row
for each connection that writes, so that two workers who book at once never wait for one another.
Migrations run the same text.
"""

from __future__ import annotations

ADD = (
    "ON CONFLICT (currency, day, kind, writer) DO UPDATE SET "
    "moves = movement_day.moves + excluded.moves, delta = movement_day.delta + excluded.delta"
)
INTO = "INSERT INTO movement_day (currency, day, kind, writer, moves, delta)"
# The ledger has no lines of its own: they are those of the report (``revenue``).
EARN = "INSERT INTO revenue_hour (currency, hour, line, writer, amount)"
ADD_EARNED = (
    "ON CONFLICT (currency, hour, line, writer) DO UPDATE SET "
    "amount = revenue_hour.amount + excluded.amount"
)
EARNING = "('patrons', 'fees')"
WRITERS = {"sqlite": "0", "postgresql": "pg_backend_pid()"}


def _day(dialect: str, at: str) -> str:
    if dialect == "sqlite":
        return f"substr({at}, 1, 10)"
    return f"({at} AT TIME ZONE 'UTC')::date"


def _hour(dialect: str, at: str) -> str:
    if dialect == "sqlite":
        return f"substr({at}, 1, 13) || ':00:00.000000'"
    return f"date_trunc('hour', {at}, 'UTC')"


def _sum(dialect: str, row: str, sign: str) -> str:
    """Add the movement ``row`` (NEW or OLD) to its day, or take it off."""
    day = _day(dialect, f"{row}.occurred_at")
    values = f"{row}.currency, {day}, {row}.kind, {WRITERS[dialect]}, {sign}1, {sign}{row}.delta"
    return f"{INTO} VALUES ({values}) {ADD};"


def _line(book: str, fact: str) -> str:
    return (
        f"CASE WHEN {book} = 'fees' THEN 'fees' "  # noqa: S608
        f"WHEN {fact}.kind IN ('refund', 'refund_failed') THEN 'refunds' "
        f"WHEN EXISTS (SELECT 1 FROM sign_up WHERE sign_up.ref = {fact}.ref "
        "AND sign_up.interval = 'once') THEN 'one_time' ELSE 'recurring' END"
    )


def _booked(dialect: str) -> str:
    """Add the entry that was booked to the hour of its fact."""
    return (
        f"{EARN} SELECT NEW.currency, {_hour(dialect, 'fact.effective_at')}, "  # noqa: S608
        f"{_line('NEW.book', 'fact')}, {WRITERS[dialect]}, NEW.amount "
        f"FROM ledger_transaction AS fact WHERE fact.id = NEW.transaction_id {ADD_EARNED};"
    )


def _dated(dialect: str, row: str, sign: str) -> str:
    """Add all entries of a fact to the hour of ``row``, or take them off."""
    return (
        f"{EARN} SELECT entry.currency, {_hour(dialect, f'{row}.effective_at')}, "  # noqa: S608
        f"{_line('entry.book', row)}, {WRITERS[dialect]}, {sign}entry.amount "
        f"FROM ledger_entry AS entry WHERE entry.transaction_id = {row}.id "
        f"AND entry.book IN {EARNING} {ADD_EARNED};"
    )


def _function(name: str, body: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"{body} RETURN NULL; END $$"
    )


SUM_MOVEMENTS = {
    "sqlite": [
        f"CREATE TRIGGER movement_summed_in AFTER INSERT ON movement "
        f"BEGIN {_sum('sqlite', 'NEW', '')} END",
        f"CREATE TRIGGER movement_summed_again AFTER UPDATE ON movement "
        f"BEGIN {_sum('sqlite', 'OLD', '-')} {_sum('sqlite', 'NEW', '')} END",
        f"CREATE TRIGGER movement_summed_out AFTER DELETE ON movement "
        f"BEGIN {_sum('sqlite', 'OLD', '-')} END",
    ],
    "postgresql": [
        _function(
            "movement_sum",
            f"IF TG_OP <> 'INSERT' THEN {_sum('postgresql', 'OLD', '-')} END IF; "
            f"IF TG_OP <> 'DELETE' THEN {_sum('postgresql', 'NEW', '')} END IF;",
        ),
        "CREATE TRIGGER movement_summed AFTER INSERT OR UPDATE OR DELETE ON movement "
        "FOR EACH ROW EXECUTE FUNCTION movement_sum()",
    ],
}
# Entries are append-only; of a fact the day may be learned later.
SUM_ENTRIES = {
    "sqlite": [
        f"CREATE TRIGGER ledger_entry_summed AFTER INSERT ON ledger_entry "
        f"WHEN NEW.book IN {EARNING} BEGIN {_booked('sqlite')} END",
    ],
    "postgresql": [
        _function("ledger_entry_sum", _booked("postgresql")),
        f"CREATE TRIGGER ledger_entry_summed AFTER INSERT ON ledger_entry FOR EACH ROW "
        f"WHEN (NEW.book IN {EARNING}) EXECUTE FUNCTION ledger_entry_sum()",
    ],
}
SUM_FACTS = {
    "sqlite": [
        f"CREATE TRIGGER ledger_transaction_summed AFTER UPDATE OF effective_at "
        f"ON ledger_transaction "
        f"BEGIN {_dated('sqlite', 'OLD', '-')} {_dated('sqlite', 'NEW', '')} END",
    ],
    "postgresql": [
        _function(
            "ledger_transaction_sum",
            f"{_dated('postgresql', 'OLD', '-')} {_dated('postgresql', 'NEW', '')}",
        ),
        "CREATE TRIGGER ledger_transaction_summed AFTER UPDATE OF effective_at "
        "ON ledger_transaction FOR EACH ROW EXECUTE FUNCTION ledger_transaction_sum()",
    ],
}
