"""The sandbox's own books, to compare a ledger with."""

from __future__ import annotations

from app.sandbox.acting import Act
from app.sandbox.errors import Json

SUMS = """
SELECT json_extract(body, '$.currency'), json_extract(body, '$.reporting_category'),
       count(*), sum(json_extract(body, '$.amount')), sum(json_extract(body, '$.fee')),
       sum(json_extract(body, '$.net'))
FROM object WHERE kind = 'balance_transaction' GROUP BY 1, 2
"""
UNBOOKED = """
SELECT json_extract(body, '$.currency'), count(*), sum(json_extract(body, '$.amount'))
FROM object WHERE kind = 'charge' AND status = 'succeeded'
  AND json_extract(body, '$.balance_transaction') IS NULL GROUP BY 1
"""


def books(act: Act) -> Json:
    """Per currency of the balance, in minor units: what was charged, refunded, kept as fee, left.

    ``unbooked`` is what has succeeded and has no balance transaction yet; it is in no other sum,
    and under the currency that was charged, since its rate is not known before it is booked.
    """
    result: Json = {}
    for currency, category, count, amount, fee, net in act.db.execute(SUMS):
        book = result.setdefault(currency, _blank())
        name = "refunds" if category == "refund" else "charges"
        book[name] += -amount if name == "refunds" else amount
        book[f"{name}_count"] += count
        book["fees"] += fee
        book["net"] += net
    for currency, count, amount in act.db.execute(UNBOOKED):
        book = result.setdefault(currency, _blank())
        book["unbooked"] = amount
        book["unbooked_count"] = count
    return result


def _blank() -> Json:
    return {
        "charges": 0, "charges_count": 0, "refunds": 0, "refunds_count": 0, "fees": 0, "net": 0,
        "unbooked": 0, "unbooked_count": 0,
    }  # fmt: skip
