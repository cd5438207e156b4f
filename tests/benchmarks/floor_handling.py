"""The floor of the worker: the same events into the same tables, by hand and without a doubt.

It trusts the order of what it reads, knows only renewals, and keeps the fewest columns that the
tables take: the mirror's row, and for money two entries of the ledger.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from tests.benchmarks.floor_driver import Driver

BATCH = 200
Json = dict[str, Any]

DUE = """
    SELECT id, type, body FROM stripe_event WHERE state = 'new' ORDER BY next_try_at, id LIMIT ?"""
DONE = "UPDATE stripe_event SET state = 'handled', handled_at = ? WHERE id = ?"
CHARGE = """
    INSERT INTO stripe_charge (id, payment_intent_id, customer_id, status, amount,
        amount_refunded, currency, created, balance_transaction_id)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET status = excluded.status,
        balance_transaction_id = excluded.balance_transaction_id"""
INVOICE = """
    INSERT INTO stripe_invoice (id, ref, subscription_id, status, currency, total, amount_due,
        amount_paid, attempt_count, created)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET status = excluded.status, amount_paid = excluded.amount_paid"""
INVOICE_PAYMENT = """
    INSERT INTO stripe_invoice_payment (id, invoice_id, payment_intent_id, status, amount_paid)
    VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET status = excluded.status"""
SUBSCRIPTION = """
    UPDATE stripe_subscription SET status = ?, current_period_start = ?, current_period_end = ?,
        latest_invoice_id = ? WHERE id = ?"""
BOOK = """
    INSERT INTO ledger_transaction (kind, source_id, charge_id, effective_at, booked_at)
    VALUES ('charge', ?, ?, ?, ?)"""
ENTRY = """
    INSERT INTO ledger_entry (transaction_id, book, amount, currency)
    SELECT id, ?, ?, ? FROM ledger_transaction WHERE kind = 'charge' AND source_id = ?"""


def handle(db: Driver, *, most: int) -> int:
    """Handle so many events; gives how many there were."""
    done = 0
    while done < most:
        with db.transaction():
            due = db.execute(DUE, (min(BATCH, most - done),)).fetchall()
            _handle(db, due)
        done += len(due)
        if not due:
            break
    return done


def _handle(db: Driver, due: list[Any]) -> None:
    now = db.time(datetime.now(UTC))
    by_type: dict[str, list[Json]] = defaultdict(list)
    for _, kind, body in due:
        by_type[kind].append(json.loads(body)["data"]["object"])
    for statement, row, kinds in (
        (CHARGE, _charge, ("charge.succeeded", "charge.updated")),
        (INVOICE, _invoice, ("invoice.paid",)),
        (INVOICE_PAYMENT, _invoice_payment, ("invoice_payment.paid",)),
        (SUBSCRIPTION, _subscription, ("customer.subscription.updated",)),
    ):
        db.execute_each(statement, [row(db, obj) for kind in kinds for obj in by_type[kind]])
    paid = by_type["charge.succeeded"]
    db.execute_each(BOOK, [(c["id"], c["id"], _time(db, c["created"]), now) for c in paid])
    for book, sign in (("patrons", -1), ("stripe", 1)):
        sides = [(book, sign * c["amount"], c["currency"].upper(), c["id"]) for c in paid]
        db.execute_each(ENTRY, sides)
    db.execute_each(DONE, [(now, number) for number, _, _ in due])


def _charge(db: Driver, obj: Json) -> tuple[object, ...]:
    return (
        obj["id"], obj["payment_intent"], obj["customer"], obj["status"], obj["amount"],
        obj["amount_refunded"], obj["currency"].upper(), _time(db, obj["created"]),
        obj["balance_transaction"],
    )  # fmt: skip


def _invoice(db: Driver, obj: Json) -> tuple[object, ...]:
    details = obj["parent"]["subscription_details"]
    return (
        obj["id"], details["metadata"]["patron_desk_ref"], details["subscription"],
        obj["status"], obj["currency"].upper(), obj["total"], obj["amount_due"],
        obj["amount_paid"], obj["attempt_count"], _time(db, obj["created"]),
    )  # fmt: skip


def _invoice_payment(_: Driver, obj: Json) -> tuple[object, ...]:
    intent = obj["payment"]["payment_intent"]
    return (obj["id"], obj["invoice"], intent, obj["status"], obj["amount_paid"])


def _subscription(db: Driver, obj: Json) -> tuple[object, ...]:
    item = obj["items"]["data"][0]
    period = (_time(db, item["current_period_start"]), _time(db, item["current_period_end"]))
    return (obj["status"], *period, obj["latest_invoice"], obj["id"])


def _time(db: Driver, seconds: int) -> object:
    return db.time(datetime.fromtimestamp(seconds, UTC))
