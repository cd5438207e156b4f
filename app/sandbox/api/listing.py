"""Lists, newest first, page by page with cursors."""

from __future__ import annotations

import json
from collections.abc import Callable

from app.sandbox.acting import Act
from app.sandbox.errors import Json, RequestFailed, missing

SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
CHUNK = 200


def page(
    act: Act,
    kind: str,
    url: str,
    params: Json,
    *,
    keep: Callable[[Json], bool] | None = None,
    **columns: str | None,
) -> Json:
    """One page of the objects with these columns; None leaves a column out.

    ``keep`` is for filters that no column knows. Raises RequestFailed for an unknown cursor.
    """
    wheres, values = ["kind = ?"], [kind]
    for name, value in columns.items():
        if value is not None:
            wheres.append(f"{name} = ?")
            values.append(value)
    created_where, created_values = created(params)
    backwards = params.get("ending_before") is not None
    limit = params.get("limit", 10)
    rows = _walk(
        act, [*wheres, *created_where], [*values, *created_values],
        cursor=_cursor(act, kind, params), backwards=backwards, keep=keep, wanted=limit + 1,
    )  # fmt: skip
    return envelope(rows, url, limit=limit, backwards=backwards)


def created(params: Json) -> tuple[list[str], list[int]]:
    """The filter by time of creation as SQL."""
    wanted = params.get("created")
    if wanted is None:
        return [], []
    if not isinstance(wanted, dict):
        return ["created = ?"], [wanted]
    return [f"created {SIGNS[key]} ?" for key in wanted], list(wanted.values())


def within(value: int | None, wanted: object) -> bool:
    """Whether a time satisfies a filter of the same form, outside of SQL."""
    if wanted is None:
        return True
    if value is None:
        return False
    if not isinstance(wanted, dict):
        return value == wanted
    tests = {
        "gt": lambda bound: value > bound,
        "gte": lambda bound: value >= bound,
        "lt": lambda bound: value < bound,
        "lte": lambda bound: value <= bound,
    }
    return all(tests[key](bound) for key, bound in wanted.items())


def envelope(rows: list[Json], url: str, *, limit: int, backwards: bool = False) -> Json:
    """The list object; ``rows`` may hold one more than fits, which says that there are more."""
    shown = rows[:limit]
    if backwards:
        shown.reverse()
    return {"object": "list", "data": shown, "has_more": len(rows) > limit, "url": url}


def of(rows: list[Json], url: str, params: Json) -> Json:
    """A page of objects that are already at hand, in their order."""
    limit = params.get("limit", 10)
    ids = [row["id"] for row in rows]
    after, before = params.get("starting_after"), params.get("ending_before")
    for name, cursor in (("starting_after", after), ("ending_before", before)):
        if cursor is not None and cursor not in ids:
            raise missing("line_item", cursor, param=name)
    if after is not None:
        rows = rows[ids.index(after) + 1 :]
    if before is not None:
        rows = rows[: ids.index(before)][::-1]
    return envelope(rows[: limit + 1], url, limit=limit, backwards=before is not None)


def _cursor(act: Act, kind: str, params: Json) -> int | None:
    after, before = params.get("starting_after"), params.get("ending_before")
    if after is not None and before is not None:
        raise RequestFailed(
            "You cannot specify both starting_after and ending_before.", param="ending_before"
        )
    chosen = after or before
    if chosen is None:
        return None
    row = act.db.execute(
        "SELECT seq FROM object WHERE id = ? AND kind = ?", (chosen, kind)
    ).fetchone()
    if row is None:
        raise missing(kind, chosen, param="starting_after" if after else "ending_before")
    return int(row[0])


def _walk(
    act: Act,
    wheres: list[str],
    values: list[object],
    *,
    cursor: int | None,
    backwards: bool,
    keep: Callable[[Json], bool] | None,
    wanted: int,
) -> list[Json]:
    found: list[Json] = []
    order, sign = ("ASC", ">") if backwards else ("DESC", "<")
    chunk = wanted if keep is None else CHUNK
    while True:
        here = [*wheres, f"seq {sign} ?"] if cursor is not None else wheres
        bound = [*values, cursor] if cursor is not None else values
        rows = act.db.execute(
            f"SELECT seq, body FROM object WHERE {' AND '.join(here)}"  # noqa: S608  (names are ours)
            f" ORDER BY seq {order} LIMIT ?",
            (*bound, chunk),
        ).fetchall()
        for seq, body in rows:
            obj = json.loads(body)
            cursor = seq
            if keep is None or keep(obj):
                found.append(obj)
                if len(found) == wanted:
                    return found
        if len(rows) < chunk:
            return found
