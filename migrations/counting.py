"""Counts and sums that the database keeps by itself: the triggers of the migrations."""

from __future__ import annotations

from alembic import op

COUNT_THE_ROLL = {
    "sqlite": [
        "CREATE TRIGGER roll_entry_counted_in AFTER INSERT ON roll_entry WHEN NEW.late OR "
        "NEW.voted OR NEW.removed_at IS NOT NULL BEGIN INSERT INTO roll_count (round_id, "
        "writer, late, removed, voted) VALUES (NEW.round_id, 0, NEW.late, NEW.removed_at IS "
        "NOT NULL, NEW.voted) ON CONFLICT (round_id, writer) DO UPDATE SET late = "
        "roll_count.late + excluded.late, removed = roll_count.removed + excluded.removed, "
        "voted = roll_count.voted + excluded.voted; END",
        "CREATE TRIGGER roll_entry_counted_again AFTER UPDATE OF late, voted, removed_at ON "
        "roll_entry WHEN NEW.late <> OLD.late OR NEW.voted <> OLD.voted OR (NEW.removed_at IS "
        "NULL) <> (OLD.removed_at IS NULL) BEGIN INSERT INTO roll_count (round_id, writer, "
        "late, removed, voted) VALUES (NEW.round_id, 0, NEW.late - OLD.late, (NEW.removed_at "
        "IS NOT NULL) - (OLD.removed_at IS NOT NULL), NEW.voted - OLD.voted) ON CONFLICT "
        "(round_id, writer) DO UPDATE SET late = roll_count.late + excluded.late, removed = "
        "roll_count.removed + excluded.removed, voted = roll_count.voted + excluded.voted; "
        "END",
        "CREATE TRIGGER roll_entry_counted_out AFTER DELETE ON roll_entry BEGIN INSERT INTO "
        "roll_count (round_id, writer, late, removed, voted) VALUES (OLD.round_id, 0, "
        "-OLD.late, -(OLD.removed_at IS NOT NULL), -OLD.voted) ON CONFLICT (round_id, writer) "
        "DO UPDATE SET late = roll_count.late + excluded.late, removed = roll_count.removed + "
        "excluded.removed, voted = roll_count.voted + excluded.voted; END",
    ],
    "postgresql": [
        "CREATE OR REPLACE FUNCTION roll_entry_count() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN INSERT INTO roll_count (round_id, writer, late, removed, voted) VALUES "
        "(COALESCE(NEW.round_id, OLD.round_id), pg_backend_pid(), COALESCE(NEW.late::int, 0) "
        "- COALESCE(OLD.late::int, 0), (NEW.removed_at IS NOT NULL)::int - (OLD.removed_at IS "
        "NOT NULL)::int, COALESCE(NEW.voted::int, 0) - COALESCE(OLD.voted::int, 0)) ON "
        "CONFLICT (round_id, writer) DO UPDATE SET late = roll_count.late + excluded.late, "
        "removed = roll_count.removed + excluded.removed, voted = roll_count.voted + "
        "excluded.voted; RETURN NULL; END $$",
        "CREATE TRIGGER roll_entry_counted_in AFTER INSERT ON roll_entry FOR EACH ROW WHEN "
        "(NEW.late OR NEW.voted OR NEW.removed_at IS NOT NULL) EXECUTE FUNCTION "
        "roll_entry_count()",
        "CREATE TRIGGER roll_entry_counted_again AFTER UPDATE OF late, voted, removed_at ON "
        "roll_entry FOR EACH ROW WHEN (NEW.late <> OLD.late OR NEW.voted <> OLD.voted OR "
        "(NEW.removed_at IS NULL) <> (OLD.removed_at IS NULL)) EXECUTE FUNCTION "
        "roll_entry_count()",
        "CREATE TRIGGER roll_entry_counted_out AFTER DELETE ON roll_entry FOR EACH ROW "
        "EXECUTE FUNCTION roll_entry_count()",
    ],
}
SUM_MOVEMENTS = {
    "sqlite": [
        "CREATE TRIGGER movement_summed_in AFTER INSERT ON movement BEGIN INSERT INTO "
        "movement_day (currency, day, kind, writer, moves, delta) VALUES (NEW.currency, "
        "substr(NEW.occurred_at, 1, 10), NEW.kind, 0, 1, NEW.delta) ON CONFLICT (currency, "
        "day, kind, writer) DO UPDATE SET moves = movement_day.moves + excluded.moves, delta "
        "= movement_day.delta + excluded.delta; END",
        "CREATE TRIGGER movement_summed_again AFTER UPDATE ON movement BEGIN INSERT INTO "
        "movement_day (currency, day, kind, writer, moves, delta) VALUES (OLD.currency, "
        "substr(OLD.occurred_at, 1, 10), OLD.kind, 0, -1, -OLD.delta) ON CONFLICT (currency, "
        "day, kind, writer) DO UPDATE SET moves = movement_day.moves + excluded.moves, delta "
        "= movement_day.delta + excluded.delta; INSERT INTO movement_day (currency, day, "
        "kind, writer, moves, delta) VALUES (NEW.currency, substr(NEW.occurred_at, 1, 10), "
        "NEW.kind, 0, 1, NEW.delta) ON CONFLICT (currency, day, kind, writer) DO UPDATE SET "
        "moves = movement_day.moves + excluded.moves, delta = movement_day.delta + "
        "excluded.delta; END",
        "CREATE TRIGGER movement_summed_out AFTER DELETE ON movement BEGIN INSERT INTO "
        "movement_day (currency, day, kind, writer, moves, delta) VALUES (OLD.currency, "
        "substr(OLD.occurred_at, 1, 10), OLD.kind, 0, -1, -OLD.delta) ON CONFLICT (currency, "
        "day, kind, writer) DO UPDATE SET moves = movement_day.moves + excluded.moves, delta "
        "= movement_day.delta + excluded.delta; END",
    ],
    "postgresql": [
        "CREATE OR REPLACE FUNCTION movement_sum() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN IF TG_OP <> 'INSERT' THEN INSERT INTO movement_day (currency, day, kind, "
        "writer, moves, delta) VALUES (OLD.currency, (OLD.occurred_at AT TIME ZONE "
        "'UTC')::date, OLD.kind, pg_backend_pid(), -1, -OLD.delta) ON CONFLICT (currency, "
        "day, kind, writer) DO UPDATE SET moves = movement_day.moves + excluded.moves, delta "
        "= movement_day.delta + excluded.delta; END IF; IF TG_OP <> 'DELETE' THEN INSERT INTO "
        "movement_day (currency, day, kind, writer, moves, delta) VALUES (NEW.currency, "
        "(NEW.occurred_at AT TIME ZONE 'UTC')::date, NEW.kind, pg_backend_pid(), 1, "
        "NEW.delta) ON CONFLICT (currency, day, kind, writer) DO UPDATE SET moves = "
        "movement_day.moves + excluded.moves, delta = movement_day.delta + excluded.delta; "
        "END IF; RETURN NULL; END $$",
        "CREATE TRIGGER movement_summed AFTER INSERT OR UPDATE OR DELETE ON movement FOR EACH "
        "ROW EXECUTE FUNCTION movement_sum()",
    ],
}


def count_the_roll() -> None:
    """Let ``roll_count`` follow every change of a roll."""
    _run(COUNT_THE_ROLL)


def drop_count_of_the_roll() -> None:
    _drop("roll_entry", ["counted_in", "counted_again", "counted_out"], "roll_entry_count")


def sum_movements() -> None:
    """Let ``movement_day`` follow every movement."""
    _run(SUM_MOVEMENTS)


def drop_sums_of_movements() -> None:
    names = ["summed"] if _is_postgresql() else ["summed_in", "summed_again", "summed_out"]
    _drop("movement", names, "movement_sum")


def _run(ddl: dict[str, list[str]]) -> None:
    for statement in ddl[op.get_bind().dialect.name]:
        op.execute(statement)


def _drop(table: str, names: list[str], function: str) -> None:
    for name in names:
        op.execute(f"DROP TRIGGER {table}_{name}" + (f" ON {table}" if _is_postgresql() else ""))
    if _is_postgresql():
        op.execute(f"DROP FUNCTION {function}()")


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
