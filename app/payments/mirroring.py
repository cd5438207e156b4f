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

from app.core.db import insert_into
from app.payments import ledger, linking
from app.payments.changes import Change, Kind
from app.payments.deciding import Doubtful, Unknown, decide
from app.payments.gathering import gather
from app.payments.linking import Touched, by_id
from app.payments.models import (
    StripeCharge,
    StripeEvent,
    StripeInvoicePayment,
    StripeObject,
    StripeRefund,
    StripeSubscription,
    Unclaimed,
)
from app.payments.projecting import (
    FILLED_LATER,
    MODELS,
    OBJECTS,
    Row,
    Unreadable,
    ref_of,
    seen,
)
from app.payments.sheets import Answer, Applied, Doubt, Lock, Sheet, Told

Json = dict[str, Any]
MONEY: frozenset[Kind] = frozenset({"charge", "refund"})
_OBJECTS: Any = StripeObject.__table__
KEPT_OF_LOCKS = tuple(column.name for column in _OBJECTS.c)


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
    written = [sheet for sheet in sheets if _judge(session, sheet, applied, now)]
    touched = _write(session, written)
    claimed = linking.link(session, touched)
    session.flush()
    linking.note_unclaimed(session, touched.charges.values(), cause=_cause(written), now=now)
    charges, refunds = touched.charges.values(), touched.refunds.values()
    ledger.book(session, charges=charges, refunds=refunds, now=now)
    for sheet in written:
        where = applied.unclaimed if _waits(sheet.row, touched) else applied.handled
        where += sheet.numbers
    _settle_waiting(session, touched, claimed, now)
    applied.changes = _changes(written, touched, claimed, now)
    return applied


def _sheets(session: Session, told: Iterable[Told], answers: Mapping[str, Answer]) -> list[Sheet]:
    by_object: dict[str, list[Told]] = defaultdict(list)
    kinds: dict[str, Kind] = {object_id: answer.kind for object_id, answer in answers.items()}
    for one in told:
        by_object[one.object_id].append(one)
        kinds[one.object_id] = one.kind
    locks = _locks(session, kinds)
    rows: dict[str, Any] = {}
    for kind, model in MODELS.items():
        rows |= by_id(session, model, [key for key, value in kinds.items() if value == kind])
    good = _not_overtaken(session, answers, locks)
    return [
        Sheet(
            kind=kind,
            object_id=object_id,
            lock=locks.get(object_id) or Lock(object_id, OBJECTS[kind]),
            row=rows.get(object_id),
            told=sorted(by_object[object_id], key=lambda one: (one.at, one.number)),
            answer=good.get(object_id),
        )
        for object_id, kind in sorted(kinds.items())
        if object_id in by_object or object_id in good
    ]


def _locks(session: Session, object_ids: Iterable[str]) -> dict[str, Lock]:
    wanted = sa.select(*_OBJECTS.c).where(_OBJECTS.c.id.in_(list(object_ids)))
    locked = session.execute(wanted.order_by(_OBJECTS.c.id).with_for_update())
    return {row.id: Lock(**row._mapping) for row in locked}


def _not_overtaken(
    session: Session, answers: Mapping[str, Answer], locks: Mapping[str, Lock]
) -> dict[str, Answer]:
    """The answers that are still news: nothing was told or asked of their object since."""
    if not answers:
        return {}
    since = min(answer.newest for answer in answers.values())
    rows = session.execute(
        sa.select(StripeEvent.object_id, sa.func.max(StripeEvent.id))
        .where(StripeEvent.object_id.in_(list(answers)), StripeEvent.id > since)
        .group_by(StripeEvent.object_id)
    )
    last = {object_id: number for object_id, number in rows}  # noqa: C416  (typed as rows)
    good = {}
    for object_id, answer in answers.items():
        lock = locks.get(object_id)
        asked = lock.retrieved_at if lock is not None else None
        if last.get(object_id, 0) <= answer.newest and (asked is None or asked <= answer.at):
            good[object_id] = answer
    return good


def _judge(session: Session, sheet: Sheet, applied: Applied, now: datetime) -> bool:
    """Whether the object is to be written now; where not, say why."""
    try:
        if _is_foreign(session, sheet):
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


def _is_foreign(session: Session, sheet: Sheet) -> bool:
    """Whether the object could carry our reference and does not."""
    if sheet.row is not None or sheet.kind in ("charge", "refund", "invoice_payment"):
        return False
    if not sheet.shown or any(ref_of(sheet.kind, obj) for obj in sheet.shown):
        return False
    if sheet.kind != "invoice":
        return True
    if sheet.answer is None and not all(told.is_current for told in sheet.told):
        return False  # an older shape has our reference elsewhere: ask
    return _parent_ref(session, sheet.shown) is None


def _parent_ref(session: Session, invoices: list[Json]) -> str | None:
    """The reference of a subscription that got it after this invoice was written."""
    for invoice in invoices:
        details = (invoice.get("parent") or {}).get("subscription_details") or {}
        parent = details.get("subscription")
        subscription = session.get(StripeSubscription, parent) if parent else None
        if subscription is not None:
            return subscription.ref
    return None


def _note_foreign(session: Session, sheet: Sheet, now: datetime) -> None:
    if sheet.kind != "subscription" or session.get(Unclaimed, sheet.object_id) is not None:
        return
    obj = sheet.shown[-1]
    shown, customer = seen(obj), obj.get("customer")
    session.add(
        Unclaimed(
            stripe_id=sheet.object_id,
            type="subscription",
            amount=shown.total if shown else None,
            currency=shown.currency if shown else None,
            customer_id=customer if isinstance(customer, str) else None,
            first_event_id=sheet.told[0].event_id if sheet.told else None,
            seen_at=now,
        )
    )


def _write(session: Session, sheets: list[Sheet]) -> Touched:
    touched = Touched()
    places = touched.by_kind()
    for sheet in sheets:
        if sheet.row is None:
            sheet.row = MODELS[sheet.kind](id=sheet.object_id)
            session.add(sheet.row)
        if sheet.values is not None:
            sheet.is_news = _set(sheet.row, sheet.values)
        if sheet.kind == "invoice" and sheet.row.ref is None:
            sheet.row.ref = _parent_ref(session, sheet.shown)
        sheet.is_news |= gather(sheet)
        if sheet.kind in places:
            places[sheet.kind][sheet.object_id] = sheet.row
    _keep_locks(session, [sheet.lock for sheet in sheets])
    return touched


def _keep_locks(session: Session, locks: list[Lock]) -> None:
    if locks:
        rows = [{name: getattr(lock, name) for name in KEPT_OF_LOCKS} for lock in locks]
        insert = insert_into(session, StripeObject)
        newer = {
            name: insert.excluded[name] for name in ("applied_created", "retrieved_at", "deleted")
        }
        session.connection().execute(
            insert.on_conflict_do_update(index_elements=["id"], set_=newer), rows
        )


def _set(row: Any, values: Row) -> bool:
    """Bring a row to these values; whether that is news to anybody."""
    changed, held = set(), vars(row)  # as it was just read; a new row holds nothing
    for name, value in values.items():
        if value is None and name in FILLED_LATER:
            continue
        if held.get(name) != value:
            setattr(row, name, value)
            changed.add(name)
    return bool(changed - FILLED_LATER)


def _cause(sheets: list[Sheet]) -> str | None:
    return next((sheet.told[0].event_id for sheet in sheets if sheet.told), None)


def _ref(row: Any, touched: Touched) -> str | None:
    """Our reference on a row, or on the one that it hangs on."""
    if isinstance(row, StripeInvoicePayment):
        row = touched.invoices.get(row.invoice_id)
    elif isinstance(row, StripeRefund):
        row = touched.charges.get(row.charge_id or "")
    ref: str | None = row.ref if row is not None else None
    return ref


def _waits(row: Any, touched: Touched) -> bool:
    """Whether somebody may still claim it; a try that took no money needs no owner."""
    if isinstance(row, StripeCharge) and row.status == "failed":
        return False
    return _ref(row, touched) is None


def _settle_waiting(
    session: Session, touched: Touched, claimed: list[StripeCharge], now: datetime
) -> None:
    """Events that waited for somebody to claim their object are handled now."""
    payments = touched.invoice_payments.items()
    late = {key for key, row in payments if _ref(row, touched) is not None}
    late.update(charge.id for charge in claimed)
    ours = [charge.id for charge in touched.charges.values() if charge.ref is not None]
    if ours:
        refunds = sa.select(StripeRefund.id).where(StripeRefund.charge_id.in_(ours))
        late.update(session.scalars(refunds))
    if late:
        session.execute(
            sa.update(StripeEvent)
            .where(StripeEvent.object_id.in_(late), StripeEvent.state == "unclaimed")
            .values(state="handled", handled_at=now)
            .execution_options(synchronize_session=False)
        )


def _changes(
    sheets: list[Sheet], touched: Touched, claimed: list[StripeCharge], now: datetime
) -> list[Change]:
    """A change for every event, every asking without one, and every charge that became ours.

    Of money, which has no history of its own, only what is new is told.
    """
    changes: list[tuple[datetime, int, Change]] = []
    heard: set[str] = set()
    for sheet in sheets:
        ref = _ref(sheet.row, touched)
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
