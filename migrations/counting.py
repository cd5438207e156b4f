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

SUM_ENTRIES = {
    "sqlite": [
        "CREATE TRIGGER ledger_entry_summed AFTER INSERT ON ledger_entry WHEN NEW.book IN "
        "('patrons', 'fees') BEGIN INSERT INTO revenue_hour (currency, hour, line, writer, "
        "amount) SELECT NEW.currency, substr(fact.effective_at, 1, 13) || ':00:00.000000', "
        "CASE WHEN NEW.book = 'fees' THEN 'fees' WHEN fact.kind IN ('refund', "
        "'refund_failed') THEN 'refunds' WHEN EXISTS (SELECT 1 FROM sign_up WHERE sign_up.ref"
        " = fact.ref AND sign_up.interval = 'once') THEN 'one_time' ELSE 'recurring' END, 0, "
        "NEW.amount FROM ledger_transaction AS fact WHERE fact.id = NEW.transaction_id ON "
        "CONFLICT (currency, hour, line, writer) DO UPDATE SET amount = revenue_hour.amount +"
        " excluded.amount; END",
    ],
    "postgresql": [
        "CREATE OR REPLACE FUNCTION ledger_entry_sum() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN INSERT INTO revenue_hour (currency, hour, line, writer, amount) SELECT "
        "NEW.currency, date_trunc('hour', fact.effective_at, 'UTC'), CASE WHEN NEW.book = "
        "'fees' THEN 'fees' WHEN fact.kind IN ('refund', 'refund_failed') THEN 'refunds' WHEN"
        " EXISTS (SELECT 1 FROM sign_up WHERE sign_up.ref = fact.ref AND sign_up.interval = "
        "'once') THEN 'one_time' ELSE 'recurring' END, pg_backend_pid(), NEW.amount FROM "
        "ledger_transaction AS fact WHERE fact.id = NEW.transaction_id ON CONFLICT (currency,"
        " hour, line, writer) DO UPDATE SET amount = revenue_hour.amount + excluded.amount; "
        "RETURN NULL; END $$",
        "CREATE TRIGGER ledger_entry_summed AFTER INSERT ON ledger_entry FOR EACH ROW WHEN "
        "(NEW.book IN ('patrons', 'fees')) EXECUTE FUNCTION ledger_entry_sum()",
    ],
}
SUM_FACTS = {
    "sqlite": [
        "CREATE TRIGGER ledger_transaction_summed AFTER UPDATE OF effective_at ON "
        "ledger_transaction BEGIN INSERT INTO revenue_hour (currency, hour, line, writer, "
        "amount) SELECT entry.currency, substr(OLD.effective_at, 1, 13) || ':00:00.000000', "
        "CASE WHEN entry.book = 'fees' THEN 'fees' WHEN OLD.kind IN ('refund', "
        "'refund_failed') THEN 'refunds' WHEN EXISTS (SELECT 1 FROM sign_up WHERE sign_up.ref"
        " = OLD.ref AND sign_up.interval = 'once') THEN 'one_time' ELSE 'recurring' END, 0, "
        "-entry.amount FROM ledger_entry AS entry WHERE entry.transaction_id = OLD.id AND "
        "entry.book IN ('patrons', 'fees') ON CONFLICT (currency, hour, line, writer) DO "
        "UPDATE SET amount = revenue_hour.amount + excluded.amount; INSERT INTO revenue_hour "
        "(currency, hour, line, writer, amount) SELECT entry.currency, "
        "substr(NEW.effective_at, 1, 13) || ':00:00.000000', CASE WHEN entry.book = 'fees' "
        "THEN 'fees' WHEN NEW.kind IN ('refund', 'refund_failed') THEN 'refunds' WHEN EXISTS "
        "(SELECT 1 FROM sign_up WHERE sign_up.ref = NEW.ref AND sign_up.interval = 'once') "
        "THEN 'one_time' ELSE 'recurring' END, 0, entry.amount FROM ledger_entry AS entry "
        "WHERE entry.transaction_id = NEW.id AND entry.book IN ('patrons', 'fees') ON "
        "CONFLICT (currency, hour, line, writer) DO UPDATE SET amount = revenue_hour.amount +"
        " excluded.amount; END",
    ],
    "postgresql": [
        "CREATE OR REPLACE FUNCTION ledger_transaction_sum() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN INSERT INTO revenue_hour (currency, hour, line, writer, amount) SELECT "
        "entry.currency, date_trunc('hour', OLD.effective_at, 'UTC'), CASE WHEN entry.book = "
        "'fees' THEN 'fees' WHEN OLD.kind IN ('refund', 'refund_failed') THEN 'refunds' WHEN "
        "EXISTS (SELECT 1 FROM sign_up WHERE sign_up.ref = OLD.ref AND sign_up.interval = "
        "'once') THEN 'one_time' ELSE 'recurring' END, pg_backend_pid(), -entry.amount FROM "
        "ledger_entry AS entry WHERE entry.transaction_id = OLD.id AND entry.book IN "
        "('patrons', 'fees') ON CONFLICT (currency, hour, line, writer) DO UPDATE SET amount "
        "= revenue_hour.amount + excluded.amount; INSERT INTO revenue_hour (currency, hour, "
        "line, writer, amount) SELECT entry.currency, date_trunc('hour', NEW.effective_at, "
        "'UTC'), CASE WHEN entry.book = 'fees' THEN 'fees' WHEN NEW.kind IN ('refund', "
        "'refund_failed') THEN 'refunds' WHEN EXISTS (SELECT 1 FROM sign_up WHERE sign_up.ref"
        " = NEW.ref AND sign_up.interval = 'once') THEN 'one_time' ELSE 'recurring' END, "
        "pg_backend_pid(), entry.amount FROM ledger_entry AS entry WHERE entry.transaction_id"
        " = NEW.id AND entry.book IN ('patrons', 'fees') ON CONFLICT (currency, hour, line, "
        "writer) DO UPDATE SET amount = revenue_hour.amount + excluded.amount; RETURN NULL; "
        "END $$",
        "CREATE TRIGGER ledger_transaction_summed AFTER UPDATE OF effective_at ON "
        "ledger_transaction FOR EACH ROW EXECUTE FUNCTION ledger_transaction_sum()",
    ],
}
SUM_WHAT_IS_BOOKED = {
    "sqlite": [
        "INSERT INTO revenue_hour (currency, hour, line, writer, amount) SELECT "
        "entry.currency, substr(fact.effective_at, 1, 13) || ':00:00.000000', CASE WHEN "
        "entry.book = 'fees' THEN 'fees' WHEN fact.kind IN ('refund', 'refund_failed') THEN "
        "'refunds' WHEN EXISTS (SELECT 1 FROM sign_up WHERE sign_up.ref = fact.ref AND "
        "sign_up.interval = 'once') THEN 'one_time' ELSE 'recurring' END, 0, "
        "sum(entry.amount) FROM ledger_entry AS entry JOIN ledger_transaction AS fact ON "
        "fact.id = entry.transaction_id WHERE entry.book IN ('patrons', 'fees') GROUP BY 1, "
        "2, 3",
    ],
    "postgresql": [
        "INSERT INTO revenue_hour (currency, hour, line, writer, amount) SELECT "
        "entry.currency, date_trunc('hour', fact.effective_at, 'UTC'), CASE WHEN entry.book ="
        " 'fees' THEN 'fees' WHEN fact.kind IN ('refund', 'refund_failed') THEN 'refunds' "
        "WHEN EXISTS (SELECT 1 FROM sign_up WHERE sign_up.ref = fact.ref AND sign_up.interval"
        " = 'once') THEN 'one_time' ELSE 'recurring' END, pg_backend_pid(), sum(entry.amount)"
        " FROM ledger_entry AS entry JOIN ledger_transaction AS fact ON fact.id = "
        "entry.transaction_id WHERE entry.book IN ('patrons', 'fees') GROUP BY 1, 2, 3",
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


def sum_revenue() -> None:
    """Let ``revenue_hour`` follow what is booked, and the days that are learned later."""
    _run(SUM_WHAT_IS_BOOKED)
    _run(SUM_ENTRIES)
    _run(SUM_FACTS)


def drop_sums_of_revenue() -> None:
    _drop("ledger_transaction", ["summed"], "ledger_transaction_sum")
    _drop("ledger_entry", ["summed"], "ledger_entry_sum")


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
