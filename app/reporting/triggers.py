"""The sums of movements by day, kept by the database itself in the statement that moves.

Adding up every movement takes most of a second at half a million patrons, so ``movement_day``
follows them. PostgreSQL has a row for each connection that writes, so that two workers who book at
once never wait for one another. Migrations run the same text.
"""

from __future__ import annotations

ADD = (
    "ON CONFLICT (currency, day, kind, writer) DO UPDATE SET "
    "moves = movement_day.moves + excluded.moves, delta = movement_day.delta + excluded.delta"
)
INTO = "INSERT INTO movement_day (currency, day, kind, writer, moves, delta)"


def _sqlite(row: str, sign: str) -> str:
    """Add the movement ``row`` (NEW or OLD) to its day, or take it off."""
    day = f"substr({row}.occurred_at, 1, 10)"
    values = f"{row}.currency, {day}, {row}.kind, 0, {sign}1, {sign}{row}.delta"
    return f"{INTO} VALUES ({values}) {ADD};"


def _postgresql(row: str, sign: str) -> str:
    day = f"({row}.occurred_at AT TIME ZONE 'UTC')::date"
    values = f"{row}.currency, {day}, {row}.kind, pg_backend_pid(), {sign}1, {sign}{row}.delta"
    return f"{INTO} VALUES ({values}) {ADD};"


SUM_MOVEMENTS = {
    "sqlite": [
        f"CREATE TRIGGER movement_summed_in AFTER INSERT ON movement "
        f"BEGIN {_sqlite('NEW', '')} END",
        f"CREATE TRIGGER movement_summed_again AFTER UPDATE ON movement "
        f"BEGIN {_sqlite('OLD', '-')} {_sqlite('NEW', '')} END",
        f"CREATE TRIGGER movement_summed_out AFTER DELETE ON movement "
        f"BEGIN {_sqlite('OLD', '-')} END",
    ],
    "postgresql": [
        "CREATE OR REPLACE FUNCTION movement_sum() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP <> 'INSERT' THEN {_postgresql('OLD', '-')} END IF; "
        f"IF TG_OP <> 'DELETE' THEN {_postgresql('NEW', '')} END IF; RETURN NULL; END $$",
        "CREATE TRIGGER movement_summed AFTER INSERT OR UPDATE OR DELETE ON movement "
        "FOR EACH ROW EXECUTE FUNCTION movement_sum()",
    ],
}
