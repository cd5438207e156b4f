"""Bringing the mirror to what Stripe told: one transaction, however many events it handles.

Of each object the newest snapshot counts (``deciding``); where that is in doubt the object has to
be asked for, which happens outside of a transaction: ``apply`` names the doubts and leaves their
events alone. Then charges learn whose they are (``linking``) and the money is booked (``ledger``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.db import insert_once
from app.core.statements import OneOf, column, rows, upsert
from app.payments import copies, ledger, linking
from app.payments.changes import Change, Kind
from app.payments.copies import Copy
from app.payments.deciding import Doubtful, Unknown, decide
from app.payments.gathering import gather
from app.payments.linking import Touched
from app.payments.models import (
    StripeEvent,
    StripeObject,
    StripeRefund,
    StripeSubscription,
    Unclaimed,
)
from app.payments.projecting import FILLED_LATER, MODELS, OBJECTS, Row, Unreadable, ref_of, seen
from app.payments.sheets import Answer, Applied, Doubt, Lock, Sheet, Told

Json = dict[str, Any]
MONEY: frozenset[Kind] = frozenset({"charge", "refund"})
APART: frozenset[Kind] = frozenset({"charge", "subscription"})  # until they are claimed
_OBJECTS: Any = StripeObject.__table__
_EVENTS: Any = StripeEvent.__table__
_REFUNDS: Any = StripeRefund.__table__
_LOCKS = (
    sa.select(*_OBJECTS.c)
    .where(OneOf(_OBJECTS.c.id, "wanted"))
    .order_by(_OBJECTS.c.id)
    .with_for_update()
)
_LATEST = (
    sa.select(_EVENTS.c.object_id, sa.func.max(_EVENTS.c.id))
    .where(OneOf(_EVENTS.c.object_id, "wanted"), _EVENTS.c.id > sa.bindparam("since"))
    .group_by(_EVENTS.c.object_id)
)
_REFUNDS_OF = sa.select(_REFUNDS.c.id).where(OneOf(_REFUNDS.c.charge_id, "charges"))
_ABOUT = sa.select(_EVENTS.c.id, _EVENTS.c.state).where(OneOf(_EVENTS.c.object_id, "late"))


def apply(
    session: Session,
    told: Iterable[Told] = (),
    *,
    answers: Mapping[str, Answer] | None = None,
    now: datetime,
) -> Applied:
    """Write mirror and ledger; the caller holds the mirror's lock and tells the changes.

    ``answers`` are by the id of their object, with or without events about it.
    """
    applied = Applied()
    sheets = _sheets(session, told, answers or {})
    parents = _parents(session, sheets)
    written = [sheet for sheet in sheets if _judge(session, sheet, parents, applied, now)]
    touched = Touched()
    for sheet in written:
        _bring_up(sheet, parents, touched)
    claimed, linked = linking.link(session, touched)
    _write(session, written, linked)
    charges, refunds = touched.charges.values(), touched.refunds.values()
    gained = [*claimed, *_named(written)]
    linking.note_unclaimed(session, charges, claimed=gained, now=now)
    ledger.book(session, charges=charges, refunds=refunds, now=now)
    for sheet in written:
        where = applied.unclaimed if _waits(sheet, touched) else applied.handled
        where += sheet.numbers
    applied.handled += _waited(session, touched, gained)
    applied.changes = _changes(written, touched, claimed, now)
    return applied


def _sheets(session: Session, told: Iterable[Told], answers: Mapping[str, Answer]) -> list[Sheet]:
    by_object: dict[str, list[Told]] = defaultdict(list)
    kinds: dict[str, Kind] = {object_id: answer.kind for object_id, answer in answers.items()}
    for one in told:
        by_object[one.object_id].append(one)
        kinds[one.object_id] = one.kind
    locks = _locks(session, kinds)
    there: dict[str, Copy] = {}
    for kind, model in MODELS.items():
        ids = [key for key, value in kinds.items() if value == kind]
        there |= copies.by_id(session, model, ids, locked=True)
    good = _not_overtaken(session, answers, locks)
    return [
        Sheet(
            kind=kind,
            object_id=object_id,
            lock=locks.get(object_id) or Lock(object_id, OBJECTS[kind]),
            row=there.get(object_id),
            told=sorted(by_object[object_id], key=lambda one: (one.at, one.number)),
            answer=good.get(object_id),
        )
        for object_id, kind in sorted(kinds.items())
        if object_id in by_object or object_id in good
    ]


def _locks(session: Session, object_ids: Iterable[str]) -> dict[str, Lock]:
    locked = rows(session, _LOCKS, {"wanted": list(object_ids)})
    return {row[0]: Lock(*row) for row in locked}


def _not_overtaken(
    session: Session, answers: Mapping[str, Answer], locks: Mapping[str, Lock]
) -> dict[str, Answer]:
    """The answers that are still news: nothing was told or asked of their object since."""
    if not answers:
        return {}
    since = min(answer.newest for answer in answers.values())
    last = dict(rows(session, _LATEST, {"wanted": list(answers), "since": since}))
    good = {}
    for object_id, answer in answers.items():
        lock = locks.get(object_id)
        asked = lock.retrieved_at if lock is not None else None
        if last.get(object_id, 0) <= answer.newest and (asked is None or asked <= answer.at):
            good[object_id] = answer
    return good


def _parents(session: Session, sheets: Iterable[Sheet]) -> dict[str, str]:
    """The references of subscriptions by their id: of those that invoices without one hang on.

    A subscription may get it after its invoice was written, and both may be told at once.
    """
    invoices = [obj for sheet in sheets if sheet.kind == "invoice" for obj in sheet.shown]
    asked = {_parent(obj) for obj in invoices if ref_of("invoice", obj) is None} - {""}
    held = copies.by_id(session, StripeSubscription, asked)
    refs = {key: str(row.ref) for key, row in held.items()}
    told = [obj for sheet in sheets if sheet.object_id in asked for obj in sheet.shown]
    return refs | {obj["id"]: ref for obj in told if (ref := ref_of("subscription", obj))}


def _parent(invoice: Json) -> str:
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    found = details.get("subscription")
    return found if isinstance(found, str) else ""


def _parent_ref(parents: Mapping[str, str], invoices: Iterable[Json]) -> str | None:
    return next((parents[_parent(obj)] for obj in invoices if _parent(obj) in parents), None)


def _judge(
    session: Session, sheet: Sheet, parents: Mapping[str, str], applied: Applied, now: datetime
) -> bool:
    """Whether the object is to be written now; where not, say why."""
    try:
        if _is_foreign(sheet, parents):
            applied.unclaimed += sheet.numbers
            _note_foreign(session, sheet, now)
            return False
        sheet.values = decide(sheet)
    except Doubtful:
        applied.doubts.append(Doubt(sheet.kind, sheet.object_id, tuple(sheet.numbers)))
        return False
    except Unreadable as error:
        applied.failed |= dict.fromkeys(sheet.numbers, str(error))
        return False
    except Unknown as error:
        applied.ignored |= dict.fromkeys(sheet.numbers, str(error))
        return False
    return sheet.row is not None or sheet.values is not None


def _is_foreign(sheet: Sheet, parents: Mapping[str, str]) -> bool:
    """Whether the object could carry our reference and does not."""
    if sheet.row is not None or sheet.kind in ("charge", "refund", "invoice_payment"):
        return False
    if not sheet.shown or any(ref_of(sheet.kind, obj) for obj in sheet.shown):
        return False
    if sheet.kind != "invoice":
        return True
    if sheet.answer is None and not all(told.is_current for told in sheet.told):
        return False  # an older shape has our reference elsewhere: ask
    return _parent_ref(parents, sheet.shown) is None


def _note_foreign(session: Session, sheet: Sheet, now: datetime) -> None:
    if sheet.kind != "subscription":
        return
    obj = sheet.shown[-1]
    shown, customer = seen(obj), obj.get("customer")
    row = {
        "stripe_id": sheet.object_id,
        "type": "subscription",
        "amount": shown.total if shown else None,
        "currency": shown.currency if shown else None,
        "customer_id": customer if isinstance(customer, str) else None,
        "seen_at": now,
    }
    insert_once(session, Unclaimed, row)


def _bring_up(sheet: Sheet, parents: Mapping[str, str], touched: Touched) -> None:
    """Bring the object's row in memory to what is known now."""
    row = sheet.row = sheet.row or copies.blank(MODELS[sheet.kind], sheet.object_id)
    if sheet.values is not None:
        known = {k: v for k, v in sheet.values.items() if v is not None or k not in FILLED_LATER}
        sheet.changed |= _set(row, known)
    if sheet.kind == "invoice" and row.ref is None:
        sheet.changed |= _set(row, {"ref": _parent_ref(parents, sheet.shown)})
    sheet.changed |= _set(row, gather(sheet, row))
    place = touched.by_kind().get(sheet.kind)
    if place is not None:
        place[sheet.object_id] = row


def _write(session: Session, sheets: list[Sheet], linked: list[Copy]) -> None:
    """Write the rows that are different now, and how new they are."""
    changed: dict[Kind, dict[str, Copy]] = {kind: {} for kind in MODELS}
    changed["charge"] = {charge.id: charge for charge in linked}
    for sheet in sheets:
        if sheet.row is not None and sheet.changed:
            changed[sheet.kind][sheet.object_id] = sheet.row
    for kind, different in changed.items():
        copies.write(session, MODELS[kind], different.values())
    upsert(session, StripeObject, [vars(sheet.lock) for sheet in sheets])


def _set(row: Copy, values: Row) -> set[str]:
    """Bring a row to these values; gives the names of what was different."""
    held = vars(row)
    changed = {name: value for name, value in values.items() if held[name] != value}
    held.update(changed)
    return set(changed)


def _named(sheets: list[Sheet]) -> list[Copy]:
    """What may stand apart and says itself whose it is, and did not before."""
    named = (s.row for s in sheets if s.kind in APART and "ref" in s.changed)
    return [row for row in named if row is not None]


def _ref(kind: Kind, row: Copy | None, touched: Touched) -> str | None:
    """Our reference on a row, or on the one that it hangs on."""
    if kind == "invoice_payment" and row is not None:
        row = touched.invoices.get(row.invoice_id)
    elif kind == "refund" and row is not None:
        row = touched.charges.get(row.charge_id or "")
    ref: str | None = row.ref if row is not None else None
    return ref


def _waits(sheet: Sheet, touched: Touched) -> bool:
    """Whether somebody may still claim it; a try that took no money needs no owner."""
    if sheet.kind == "charge" and sheet.row is not None and sheet.row.status == "failed":
        return False
    return _ref(sheet.kind, sheet.row, touched) is None


def _waited(session: Session, touched: Touched, gained: list[Copy]) -> list[int]:
    """Events that waited for somebody to claim their object, as happened just now."""
    payments = touched.invoice_payments.items()
    late = {key for key, row in payments if _ref("invoice_payment", row, touched) is not None}
    if gained:
        ids = [row.id for row in gained]
        late.update(ids, column(session, _REFUNDS_OF, {"charges": ids}))
    events = rows(session, _ABOUT, {"late": list(late)}) if late else ()
    return [number for number, state in events if state == "unclaimed"]


def _changes(
    sheets: list[Sheet], touched: Touched, claimed: list[Copy], now: datetime
) -> list[Change]:
    """A change for every event, every asking without one, and every charge that became ours.

    Of money, which has no history of its own, only what is new is told.
    """
    changes: list[tuple[datetime, int, Change]] = []
    heard: set[str] = set()
    for sheet in sheets:
        ref = _ref(sheet.kind, sheet.row, touched)
        is_silent = sheet.kind == "invoice_payment" or (sheet.kind in MONEY and not sheet.is_news)
        if ref is None or is_silent:
            continue
        heard.add(sheet.object_id)
        for told in sheet.told:
            shown = seen(told.object) if sheet.kind == "subscription" else None
            change = Change(
                sheet.kind, sheet.object_id, ref, told.event_id, told.at, shown, now
            )  # fmt: skip
            changes.append((told.at, told.number, change))
        if sheet.answer is not None and sheet.answer.cause is not None:
            changes.append((sheet.answer.at, 0, _asked(sheet, sheet.answer, ref, now)))
    for charge in claimed:
        if charge.id not in heard and charge.ref is not None:
            cause = f"claimed:{charge.id}"
            change = Change("charge", charge.id, charge.ref, cause, charge.created, None, now)
            changes.append((charge.created, 0, change))
    return [change for _, _, change in sorted(changes, key=lambda entry: entry[:2])]


def _asked(sheet: Sheet, answer: Answer, ref: str, now: datetime) -> Change:
    is_shown = answer.is_comparison and sheet.kind == "subscription" and answer.object is not None
    shown = seen(answer.object or {}) if is_shown else None
    cause = answer.cause or ""
    return Change(sheet.kind, sheet.object_id, ref, cause, answer.at, shown, now)
