"""/v1/events: what happened in the last thirty days."""

from __future__ import annotations

from app.sandbox.acting import Act
from app.sandbox.api.listing import created, envelope
from app.sandbox.api.routing import get, listed
from app.sandbox.delivering import event_object, event_row, event_rows
from app.sandbox.errors import Json, RequestFailed, missing
from app.sandbox.params import CREATED, flag, listing, text

KEPT_FOR = 30 * 86_400


def retrieve(act: Act, params: Json, event_id: str) -> Json:
    """One event, as the account's version writes it."""
    row = event_row(act, event_id)
    if row is None or row["created"] < act.now - KEPT_FOR:
        raise missing("event", event_id, param="id", status=404)
    return event_object(act, row, act.account.api_version)


def index(act: Act, params: Json) -> Json:
    """Events, newest first."""
    if "type" in params and "types" in params:
        raise RequestFailed("You may specify only one of these parameters: type, types.")
    wheres, values = created(params)
    wheres, bound = [*wheres, "created >= ?"], [*values, act.now - KEPT_FOR]
    types = params.get("types") or ([params["type"]] if "type" in params else [])
    if types:
        tests = " OR ".join("type GLOB ?" for _ in types)
        wheres.append(f"({tests})")
        bound += [one.replace("[", "[[]").replace("?", "[?]") for one in types]
    if "delivery_success" in params:
        wheres.append("pending = 0" if params["delivery_success"] else "pending > 0")
    backwards = "ending_before" in params
    cursor = _cursor(act, params)
    if cursor is not None:
        wheres.append("seq > ?" if backwards else "seq < ?")
        bound.append(cursor)
    limit = params.get("limit", 10)
    order = "ASC" if backwards else "DESC"
    test = f"{' AND '.join(wheres)} ORDER BY seq {order} LIMIT ?"
    rows = event_rows(act, test, (*bound, limit + 1))
    found = [event_object(act, row, act.account.api_version) for row in rows]
    return envelope(found, "/v1/events", limit=limit, backwards=backwards)


def _cursor(act: Act, params: Json) -> int | None:
    after, before = params.get("starting_after"), params.get("ending_before")
    if after is not None and before is not None:
        raise RequestFailed(
            "You cannot specify both starting_after and ending_before.", param="ending_before"
        )
    chosen = after or before
    if chosen is None:
        return None
    row = act.db.execute("SELECT seq FROM event WHERE id = ?", (chosen,)).fetchone()
    if row is None:
        raise missing("event", chosen, param="starting_after" if after else "ending_before")
    return int(row[0])


ROUTES = [
    listed(
        "/v1/events", index, created=CREATED, delivery_success=flag(), type=text(),
        types=listing(text(), most=20),
    ),
    get("/v1/events/{id}", retrieve),
]  # fmt: skip
