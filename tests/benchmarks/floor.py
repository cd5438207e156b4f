"""The floor: bare Flask views with the raw driver that do the same durable work, and no more.

They write the product's own tables with all their indexes and rules. No ORM, no CSRF, no sign-in,
no languages, no headers, no limits, no answer for what goes wrong.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import threading
from datetime import UTC, datetime
from hashlib import sha256

from flask import Flask, abort, redirect, request
from flask.typing import ResponseReturnValue

from tests.benchmarks.floor_driver import Driver

app = Flask(__name__)
_own = threading.local()

KEEP_EVENT = """
    INSERT INTO stripe_event (event_id, type, api_version, created, object_id, body, received_at,
        state, attempts, next_try_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, 'new', 0, ?) ON CONFLICT DO NOTHING"""
TAKE_SEAT = """
    UPDATE roll_entry SET voted = TRUE
    WHERE round_id = ? AND account_id = ? AND removed_at IS NULL"""
KEEP_BALLOT = """
    INSERT INTO ballot (round_id, account_id, receipt, cast_at, changes) VALUES (?, ?, ?, ?, 0)
    ON CONFLICT (round_id, account_id) DO UPDATE SET changes = ballot.changes + 1 RETURNING id"""
CLEAR_MARKS = "DELETE FROM ballot_mark WHERE ballot_id = ?"
KEEP_MARK = """
    INSERT INTO ballot_mark (ballot_id, option_id, round_id)
    SELECT ?, id, round_id FROM round_option WHERE round_id = ? AND topic_id = ?"""


def driver() -> Driver:
    """This thread's connection."""
    if not hasattr(_own, "driver"):
        _own.driver = Driver(os.environ["DATABASE_URL"])
    found: Driver = _own.driver
    return found


@app.get("/hello")
def hello() -> str:
    return "Hello"


@app.post("/stripe/webhook")
def webhook() -> ResponseReturnValue:
    """Check the signature, read the event, keep it."""
    body = request.get_data()
    parts = dict(part.split("=", 1) for part in request.headers["Stripe-Signature"].split(","))
    secret = os.environ["STRIPE_WEBHOOK_SECRET"].encode()
    expected = hmac.new(secret, parts["t"].encode() + b"." + body, sha256).hexdigest()
    if not hmac.compare_digest(expected, parts["v1"]):
        abort(400)
    event = json.loads(body)
    db = driver()
    created = db.time(datetime.fromtimestamp(event["created"], UTC))
    now = db.time(datetime.now(UTC))
    kept = (event["id"], event["type"], event["api_version"], created)
    db.execute(KEEP_EVENT, (*kept, event["data"]["object"]["id"], body.decode(), now, now))
    return {"received": True}


@app.post("/rounds/<int:round_id>/ballot")
def ballot(round_id: int) -> ResponseReturnValue:
    """Keep a ballot of whoever the form says it is."""
    account, topics = int(request.form["account"]), request.form.getlist("choice")
    db = driver()
    with db.transaction():
        if db.execute(TAKE_SEAT, (round_id, account)).rowcount != 1:
            abort(403)
        now = db.time(datetime.now(UTC))
        kept = db.execute(KEEP_BALLOT, (round_id, account, secrets.token_hex(6), now))
        (number,) = kept.fetchone()
        db.execute(CLEAR_MARKS, (number,))
        db.execute_each(KEEP_MARK, [(number, round_id, int(topic)) for topic in topics])
    return redirect(f"/rounds/{round_id}", 303)
