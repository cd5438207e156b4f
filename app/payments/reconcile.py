"""Comparing our mirror with Stripe: what is missing, extra, different, double, stuck or unclaimed.

Events that did not arrive are taken from Stripe's list first, as if they had; then subscriptions,
invoices, charges and refunds are walked. Stripe is the truth, so what differs is repaired by
applying it, and a second run has nothing to repair.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import audit
from app.core.clock import from_unix
from app.core.db import Database
from app.core.i18n import lazy_gettext as _l
from app.payments import changes, copies, fees, handling, inbox, locking, mirroring, suspecting
from app.payments.changes import Kind
from app.payments.copies import Copy
from app.payments.events import HANDLED
from app.payments.gateway import PAGE, Gateway
from app.payments.models import (
    ReconcileFinding,
    ReconcileRun,
    StripeCharge,
    StripeEvent,
    StripeSubscription,
    SyncMark,
)
from app.payments.projecting import MODELS, OBJECTS, Unreadable, project, ref_of, same
from app.payments.sheets import Answer
from app.payments.suspecting import Finding

EVENTS, OBJECTS_WALKED = "events", "objects"
FIRST_EVENTS = timedelta(days=29)  # Stripe lists events for 30 days
OVERLAP = timedelta(days=4)  # longer than Stripe goes on trying to deliver
ON_ITS_WAY = timedelta(minutes=10)
TYPES_AT_ONCE = 20
WRITTEN_AT_ONCE = 500
PAUSE = 0.12  # seconds between pages: under ten a second
WALKED: tuple[Kind, ...] = ("invoice", "charge", "refund")
Json = dict[str, Any]
audit.named({"reconcile.asked": _l("Comparison with Stripe asked for")})


@dataclass(slots=True)
class Report:
    """One comparison: how many objects were looked at, and what was found."""

    run_id: int
    started_at: datetime
    checked: int = 0
    findings: list[Finding] = field(default_factory=list)


@dataclass(slots=True)
class _Walk:
    db: Database
    gateway: Gateway
    now: datetime
    repair: bool
    pause: float
    report: Report

    def pages(self, kind: str, **params: Any) -> Iterator[list[Json]]:
        """Pages of a list, no faster than Stripe likes."""
        for page in self.gateway.pages(kind, **params):
            yield page
            if len(page) == PAGE:  # else none follows
                time.sleep(self.pause)

    def found(self, kind: str, stripe_id: str, detail: str, *, repaired: bool = False) -> None:
        self.report.findings.append(Finding(kind, stripe_id, detail, repaired))


def asked(session: Session, *, actor_id: int | None, now: datetime) -> None:
    """Write down that a person asked for a comparison; the nightly one nobody asks for."""
    audit.record(session, actor_id=actor_id, action="reconcile.asked", subject="stripe", now=now)


def run(
    db: Database,
    gateway: Gateway,
    *,
    now: datetime,
    repair: bool = True,
    everything: bool = False,
    pause: float = PAUSE,
) -> Report:
    """Compare, and with ``repair`` bring ours to what Stripe says.

    Looks at what was made since the last run, with some days of overlap, and at every
    subscription; ``everything`` goes back to the beginning. Raises StripeUnavailable; then the
    run stays unfinished, and the next one looks at the same again.
    """
    with db.transaction() as session:
        finished = ReconcileRun.finished_at.is_not(None)
        last = session.scalar(sa.select(sa.func.max(ReconcileRun.started_at)).where(finished))
        row = ReconcileRun(started_at=now)
        session.add(row)
        session.flush()
        walk = _Walk(db, gateway, now, repair, pause, Report(row.id, now))
        since = None if everything else _since(session, OBJECTS_WALKED, now)
    _fetch_events(walk)
    _compare_all(walk, "subscription", since=None, status="all")
    for kind in WALKED:
        _compare_all(walk, kind, since=since)
    _chase_links(walk)
    fees.collect(db, gateway, now=now, reach="all" if everything else "overlap")
    with db.transaction() as session:
        walk.report.findings += suspecting.suspects(session, now=now, since=last)
        _finish(session, walk)
    return walk.report


def report(done: Report) -> list[str]:
    """The lines to print."""
    return [
        f"{done.checked} objects compared, {len(done.findings)} findings.",
        *(
            f"{one.kind}: {one.stripe_id}: {one.detail}" + ", repaired" * one.repaired
            for one in done.findings
        ),
    ]


def _since(session: Session, name: str, now: datetime) -> datetime | None:
    mark = session.get(SyncMark, name)
    if mark is not None:
        return mark.position - OVERLAP
    return now - FIRST_EVENTS if name == EVENTS else None


def _fetch_events(walk: _Walk) -> None:
    """Take what was never delivered, page by page, and handle all that waits."""
    with walk.db.reading() as session:
        since = _since(session, EVENTS, walk.now)
    types = list(HANDLED)
    for start in range(0, len(types), TYPES_AT_ONCE):
        asked: Json = {"types": types[start : start + TYPES_AT_ONCE]}
        if since is not None:
            asked["created"] = {"gte": int(since.timestamp())}
        for page in walk.pages("event", **asked):
            walk.report.checked += len(page)
            _take_missing(walk, _unknown(walk.db, page))
    while walk.repair and handling.handle_due(walk.db, walk.gateway, now=walk.now):
        pass


def _take_missing(walk: _Walk, missing: list[Json]) -> None:
    for event in missing:
        if from_unix(event["created"]) <= walk.now - ON_ITS_WAY:
            walk.found("missing", event["id"], f"{event['type']} was never delivered",
                       repaired=walk.repair)  # fmt: skip
    if walk.repair and missing:
        with walk.db.transaction() as session:
            inbox.take(session, sorted(missing, key=lambda one: one["created"]), walk.now)


def _unknown(db: Database, page: list[Json]) -> list[Json]:
    ids = [event["id"] for event in page]
    with db.reading() as session:
        held = sa.select(StripeEvent.event_id).where(StripeEvent.event_id.in_(ids))
        known = set(session.scalars(held))
    return [event for event in page if event["id"] not in known]


def _compare_all(walk: _Walk, kind: Kind, *, since: datetime | None, **params: Any) -> None:
    """Walk one list of Stripe's, page by page, and then look for what only we have."""
    if since is not None:
        params["created"] = {"gte": int(since.timestamp())}
    listed: set[str] = set()
    with walk.db.reading() as session:
        newest = handling.newest_known(session)
    for page in walk.pages(OBJECTS[kind], **params):
        walk.report.checked += len(page)
        listed.update(obj["id"] for obj in page)
        _compare(walk, kind, page, newest)
        with walk.db.reading() as session:
            newest = handling.newest_known(session)
    _find_extra(walk, kind, listed, since)


def _compare(walk: _Walk, kind: Kind, page: list[Json], newest: int) -> None:
    with walk.db.reading() as session:
        rows = copies.by_id(session, MODELS[kind], [obj["id"] for obj in page])
    wrong = []
    for obj in page:
        problem = _problem(kind, obj, rows.get(obj["id"]))
        if problem is not None:
            wrong.append(obj)
            walk.found(*problem, repaired=walk.repair)
    if walk.repair and wrong:
        _apply(walk, [(kind, obj) for obj in wrong], newest)


def _problem(kind: Kind, obj: Json, row: Copy | None) -> tuple[str, str, str] | None:
    """What is wrong with our row of an object of ours: kind of finding, id, words."""
    if kind == "invoice" and row is None and not obj["attempted"]:
        return None  # a renewal on its way: no event tells of it before it is paid or fails
    try:
        values = project(kind, obj)
    except Unreadable as error:
        is_ours = row is not None or ref_of(kind, obj) is not None
        return ("different", obj["id"], str(error)) if is_ours else None
    if row is None:
        is_ours = kind in ("charge", "refund") or ref_of(kind, obj) is not None
        return ("missing", obj["id"], f"we have no such {kind}") if is_ours else None
    held = vars(row)
    if same(values, held):
        return None
    names = ", ".join(sorted(name for name in values if not same({name: values[name]}, held)))
    return "different", obj["id"], f"{kind} differs in {names}"


def _apply(walk: _Walk, objects: list[tuple[Kind, Json]], newest: int) -> None:
    answers = {
        obj["id"]: Answer(
            kind,
            obj["id"],
            obj,
            at=walk.now,
            newest=newest,
            cause=f"reconcile:{walk.report.run_id}:{obj['id']}",
            is_comparison=True,
        )
        for kind, obj in objects
    }
    with walk.db.transaction() as session:
        locking.wait(session)
        applied = mirroring.apply(session, answers=answers, now=walk.now)
        changes.tell(session, applied.changes)


def _find_extra(walk: _Walk, kind: Kind, listed: set[str], since: datetime | None) -> None:
    """Rows of ours that Stripe does not list; those just made may be younger than the walk."""
    model: Any = MODELS[kind]
    born = StripeSubscription.start_date if kind == "subscription" else model.created
    held = sa.select(model.id).where(born < walk.now - ON_ITS_WAY)
    if since is not None:
        held = held.where(born >= since)
    with walk.db.reading() as session:
        extra = [object_id for object_id in session.scalars(held) if object_id not in listed]
    for object_id in extra:
        walk.found("extra", object_id, f"Stripe lists no such {kind}")


def _chase_links(walk: _Walk) -> None:
    """Ask what paid for what, where money of a person of ours has no owner yet."""
    ours = sa.select(StripeSubscription.customer_id)
    lost = sa.select(StripeCharge.payment_intent_id).where(
        StripeCharge.ref.is_(None),
        StripeCharge.status == "succeeded",
        StripeCharge.payment_intent_id.is_not(None),
        StripeCharge.customer_id.in_(ours),
    )
    with walk.db.reading() as session:
        intents = list(session.scalars(lost))
        newest = handling.newest_known(session)
    for intent in intents:
        payment = {"type": "payment_intent", "payment_intent": intent}
        for page in walk.pages("invoice_payment", payment=payment):
            walk.report.checked += len(page)
            if walk.repair and page:
                _apply(walk, [("invoice_payment", obj) for obj in page], newest)


def _finish(session: Session, walk: _Walk) -> None:
    done = walk.report
    row = session.get_one(ReconcileRun, done.run_id)
    row.finished_at, row.checked = walk.now, done.checked
    for start in range(0, len(done.findings), WRITTEN_AT_ONCE):
        rows = [
            {
                "run_id": done.run_id,
                "kind": one.kind,
                "stripe_id": one.stripe_id,
                "detail": one.detail,
                "repaired_at": walk.now if one.repaired else None,
            }
            for one in done.findings[start : start + WRITTEN_AT_ONCE]
        ]
        session.execute(sa.insert(ReconcileFinding), rows)
    if walk.repair:
        for name in (EVENTS, OBJECTS_WALKED):
            session.merge(SyncMark(name=name, position=walk.now))
