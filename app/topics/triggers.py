"""The roll's counts, kept by the database itself in the statement that changes the roll.

Counting the roll takes most of a second at half a million people, so ``roll_count`` follows it.
PostgreSQL has a row for each connection that writes: people who vote at the same moment never wait
for one another's count. Freezing a roll counts nobody, for Round.roll_frozen says how many.
Migrations run the same text.
"""

from __future__ import annotations

ADD = (
    "ON CONFLICT (round_id, writer) DO UPDATE SET late = roll_count.late + excluded.late, "
    "removed = roll_count.removed + excluded.removed, voted = roll_count.voted + excluded.voted"
)
NEWS = (
    "NEW.late <> OLD.late OR NEW.voted <> OLD.voted "
    "OR (NEW.removed_at IS NULL) <> (OLD.removed_at IS NULL)"
)


def _add(*values: str) -> str:
    """Count on: of which round, who writes, and by how much."""
    into = "INSERT INTO roll_count (round_id, writer, late, removed, voted)"
    return f"{into} VALUES ({', '.join(values)}) {ADD};"


SQLITE = [
    "CREATE TRIGGER roll_entry_counted_in AFTER INSERT ON roll_entry "
    "WHEN NEW.late OR NEW.voted OR NEW.removed_at IS NOT NULL BEGIN "
    + _add("NEW.round_id", "0", "NEW.late", "NEW.removed_at IS NOT NULL", "NEW.voted")
    + " END",
    "CREATE TRIGGER roll_entry_counted_again AFTER UPDATE OF late, voted, removed_at ON roll_entry "
    f"WHEN {NEWS} BEGIN "
    + _add(
        "NEW.round_id", "0", "NEW.late - OLD.late",
        "(NEW.removed_at IS NOT NULL) - (OLD.removed_at IS NOT NULL)", "NEW.voted - OLD.voted",
    )
    + " END",
    "CREATE TRIGGER roll_entry_counted_out AFTER DELETE ON roll_entry BEGIN "
    + _add("OLD.round_id", "0", "-OLD.late", "-(OLD.removed_at IS NOT NULL)", "-OLD.voted")
    + " END",
]  # fmt: skip
POSTGRESQL = [
    "CREATE OR REPLACE FUNCTION roll_entry_count() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    + _add(
        "COALESCE(NEW.round_id, OLD.round_id)", "pg_backend_pid()",
        "COALESCE(NEW.late::int, 0) - COALESCE(OLD.late::int, 0)",
        "(NEW.removed_at IS NOT NULL)::int - (OLD.removed_at IS NOT NULL)::int",
        "COALESCE(NEW.voted::int, 0) - COALESCE(OLD.voted::int, 0)",
    )
    + " RETURN NULL; END $$",
    "CREATE TRIGGER roll_entry_counted_in AFTER INSERT ON roll_entry FOR EACH ROW "
    "WHEN (NEW.late OR NEW.voted OR NEW.removed_at IS NOT NULL) "
    "EXECUTE FUNCTION roll_entry_count()",
    "CREATE TRIGGER roll_entry_counted_again AFTER UPDATE OF late, voted, removed_at ON roll_entry "
    f"FOR EACH ROW WHEN ({NEWS}) EXECUTE FUNCTION roll_entry_count()",
    "CREATE TRIGGER roll_entry_counted_out AFTER DELETE ON roll_entry FOR EACH ROW "
    "EXECUTE FUNCTION roll_entry_count()",
]  # fmt: skip
COUNT_THE_ROLL = {"sqlite": SQLITE, "postgresql": POSTGRESQL}
