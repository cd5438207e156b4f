"""Handling what is in the inbox, in batches, so that a first of the month is minutes and not days.

A batch is one short transaction under the mirror's lock. Objects in doubt are leased, asked for
outside of any transaction and applied in a second one, which looks again first. A batch in which
anything fails is taken apart, so that only the event at fault stays behind with its error.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from time import monotonic, sleep
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from app.core.db import Database
from app.core.errors import AppError
from app.core.statements import OneOf, column, rows, run
from app.payments import changes, locking, mirroring
from app.payments.events import HANDLED, contents
from app.payments.gateway import API_VERSION, Gateway, StripeUnavailable
from app.payments.models import StripeEvent
from app.payments.projecting import OBJECTS
from app.payments.sheets import Answer, Applied, Doubt, Told

# A batch's statements cost what a hundred events do: a smaller one would hardly be shorter.
SMALLEST, LARGEST = 100, 500
# Seconds of one batch: on SQLite nobody else writes meanwhile, elsewhere only the mirror is busy.
# After it, SQLite's other writers get a breath: they look now and then, and do not queue.
LONGEST_TURN = {True: 0.06, False: 1.0}
BREATH = 0.15  # of what the batch took
# Two that ask for the same do no harm, and nobody waits long for one that was killed.
LEASE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=6)
ASKED_AT_ONCE = 10
WAITING = ("new", "failed")
Json = dict[str, Any]
_EVENTS: Any = StripeEvent.__table__  # no row of the inbox is held as an object
_OF: Any = _EVENTS.c
_THESE = OneOf(_OF.id, "numbers")
_DUE = (
    sa.select(_OF.id)
    .where(_OF.state.in_(WAITING), _OF.next_try_at <= sa.bindparam("now"))
    .order_by(_OF.next_try_at, _OF.id)
    .limit(sa.bindparam("most"))
)
# The state is looked at here: asked for it, SQLite would go by its index, through all that wait.
_READ = sa.select(
    _OF.state, _OF.id, _OF.event_id, _OF.type, _OF.api_version, _OF.created, _OF.object_id, _OF.body
).where(_THESE)
_TRIES = sa.select(_OF.state, _OF.id, _OF.attempts).where(_THESE)
log = structlog.get_logger()


@dataclass(slots=True)
class _Turn:
    tried: int
    doubts: list[Doubt]


def handle_due(db: Database, gateway: Gateway, *, now: datetime, most: int = 5000) -> int:
    """Handle events that are due, up to about ``most``; gives how many were looked at.

    Any number of workers may do so at once: the mirror is one's at a time, the asking is not.
    """
    size, tried, longest = SMALLEST, 0, LONGEST_TURN[db.is_sqlite]
    while tried < most:
        began = monotonic()
        turn = _take_turn(db, now=now, most=min(size, most - tried))
        took = monotonic() - began
        tried += turn.tried
        if turn.doubts:
            ask(db, gateway, turn.doubts, now=now)
        elif turn.tried < size:
            break
        if took < longest / 2:
            size = min(size * 2, LARGEST)
        elif took > longest:
            size = max(size // 2, SMALLEST)
        if db.is_sqlite:
            sleep(took * BREATH)
    return tried


def catch_up(db: Database, gateway: Gateway, object_ids: Collection[str], *, now: datetime) -> None:
    """Handle what came in about some objects and still waits, before somebody is told of them.

    An answer that events overtook is not applied; without this a reader who just paid could be
    told what was so before.
    """
    about = sa.select(StripeEvent.id).where(
        StripeEvent.object_id.in_(list(object_ids)), StripeEvent.state.in_(WAITING)
    )
    with db.reading() as session:
        numbers = list(session.scalars(about.order_by(StripeEvent.id)))
    if numbers:
        ask(db, gateway, _handle(db, numbers, now=now, waiting=True).doubts, now=now)


def replay(db: Database, gateway: Gateway, event_id: str, *, now: datetime) -> str | None:
    """Handle one event again, whatever its state; gives the new state, None if there is none.

    Its body may be gone after 30 days: then its object is asked for.
    """
    with db.transaction() as session:
        found = sa.select(StripeEvent.id).where(StripeEvent.event_id == event_id)
        number = session.scalar(found)
        if number is None:
            return None
        again = {"state": "new", "error": None, "attempts": 0, "next_try_at": now + LEASE}
        session.execute(sa.update(StripeEvent).where(StripeEvent.id == number).values(**again))
    turn = _handle(db, [number], now=now, waiting=True)
    ask(db, gateway, turn.doubts, now=now)
    with db.reading() as session:
        return session.scalar(sa.select(StripeEvent.state).where(StripeEvent.id == number))


def ask(db: Database, gateway: Gateway, doubts: Iterable[Doubt], *, now: datetime) -> None:
    """Ask Stripe for the objects in doubt, and apply the answers."""
    left = list(doubts)
    while left:
        some, left = left[:ASKED_AT_ONCE], left[ASKED_AT_ONCE:]
        unheard = _ask(db, gateway, _lease_again(db, some, now=now), now=now)
        if unheard:
            numbers = [number for doubt in (*unheard, *left) for number in doubt.numbers]
            _fail(db, numbers, str(StripeUnavailable()), now=now)
            return


def newest_known(session: Session) -> int:
    """The number of the last event that came in: what is asked for from here on is newer."""
    return session.scalar(sa.select(sa.func.max(StripeEvent.id))) or 0


def _take_turn(db: Database, *, now: datetime, most: int) -> _Turn:
    with db.statement() as connection:  # an idle worker takes no write lock
        numbers = column(connection, _DUE, {"now": now, "most": most})
    return _handle(db, numbers, now=now) if numbers else _Turn(0, [])


def _handle(db: Database, numbers: list[int], *, now: datetime, waiting: bool = False) -> _Turn:
    """Handle these events together; where that fails, one after the other."""
    try:
        return _handle_together(db, numbers, now=now, waiting=waiting)
    except sa.exc.OperationalError:
        raise  # the database is away: it is no event's fault
    except Exception:
        if len(numbers) > 1:
            log.exception("a batch of events failed, taking it apart", events=len(numbers))
    doubts: list[Doubt] = []
    for number in numbers:
        try:
            doubts += _handle_together(db, [number], now=now, waiting=waiting).doubts
        except sa.exc.OperationalError:
            raise
        except Exception as error:
            log.exception("event failed", number=number)
            _fail(db, [number], f"{type(error).__name__}: {error}", now=now)
    return _Turn(len(numbers), doubts)


def _handle_together(db: Database, numbers: list[int], *, now: datetime, waiting: bool) -> _Turn:
    with db.transaction() as session:
        if waiting:
            locking.wait(session)
        elif not locking.try_now(session):
            return _Turn(0, [])
        told, unfit = _read(session, numbers)
        applied = mirroring.apply(session, told, now=now)
        applied.ignored |= unfit
        _mark(session, applied, now=now)
        _lease(session, applied.doubts, now=now)
        changes.tell(session, applied.changes)
        return _Turn(len(told) + len(unfit), applied.doubts)


def _lease_again(db: Database, doubts: list[Doubt], *, now: datetime) -> list[Doubt]:
    """Those that nobody has settled meanwhile, for as long as asking a few takes."""
    numbers = [number for doubt in doubts for number in doubt.numbers]
    with db.transaction() as session:
        open_numbers = {number for number, _ in _tries(session, numbers)}
        _set(session, open_numbers, next_try_at=now + LEASE)
    return [doubt for doubt in doubts if open_numbers.intersection(doubt.numbers)]


def _ask(db: Database, gateway: Gateway, doubts: list[Doubt], *, now: datetime) -> list[Doubt]:
    """Ask for a few; gives those that Stripe did not answer any more."""
    with db.reading() as session:
        newest = newest_known(session)
    answers: dict[str, Answer] = {}
    numbers: list[int] = []
    unheard: list[Doubt] = []
    for place, doubt in enumerate(doubts):
        try:
            found = gateway.retrieve(OBJECTS[doubt.kind], doubt.object_id)
        except StripeUnavailable:
            unheard = doubts[place:]
            break
        except AppError as error:
            _fail(db, doubt.numbers, str(error), now=now)
            continue
        numbers += doubt.numbers
        answers[doubt.object_id] = Answer(doubt.kind, doubt.object_id, found, at=now, newest=newest)
    if answers:
        _apply_answers(db, numbers, answers, now=now)
    return unheard


def _apply_answers(
    db: Database, numbers: list[int], answers: dict[str, Answer], *, now: datetime
) -> None:
    """Apply together, or, where that fails, each object by itself."""
    try:
        _apply_together(db, numbers, answers, now=now)
    except Exception as error:
        if len(answers) > 1:
            log.exception("a batch of answers failed, taking it apart", objects=len(answers))
            for object_id, answer in answers.items():
                _apply_answers(db, numbers, {object_id: answer}, now=now)
            return
        if isinstance(error, sa.exc.OperationalError):
            raise
        log.exception("answer failed", object=next(iter(answers)))
        _fail(db, numbers, f"{type(error).__name__}: {error}", now=now, of=answers)


def _apply_together(
    db: Database, numbers: list[int], answers: dict[str, Answer], *, now: datetime
) -> None:
    with db.transaction() as session:
        locking.wait(session)
        told, _ = _read(session, numbers)
        mine = [one for one in told if one.object_id in answers]
        applied = mirroring.apply(session, mine, answers=answers, now=now)
        _mark(session, applied, now=now)
        again = [number for doubt in applied.doubts for number in doubt.numbers]
        _set(session, again, next_try_at=now)  # it changed while we asked
        changes.tell(session, applied.changes)


def _read(session: Session, numbers: Collection[int]) -> tuple[list[Told], dict[int, str]]:
    """The events that still wait, and those that nothing can be made of."""
    told, unfit = [], {}
    found = rows(session, _READ, {"numbers": list(numbers)})
    for state, number, event_id, name, version, created, object_id, body in found:
        if state not in WAITING:
            continue
        kind = HANDLED.get(name)
        if kind is None or not object_id:
            unfit[number] = "nothing of ours depends on events of this type"
            continue
        shown = contents(body)
        now_so, previous = shown or ({}, {})
        told.append(
            Told(
                number=number,
                event_id=event_id,
                type=name,
                kind=kind,
                object_id=object_id,
                object=now_so,
                previous=previous,
                at=created,
                is_current=shown is not None and version == API_VERSION,
            )
        )
    return told, unfit


def _mark(session: Session, applied: Applied, *, now: datetime) -> None:
    done = {"handled_at": now, "error": None}
    _set(session, applied.handled, state="handled", **done)
    _set(session, applied.unclaimed, state="unclaimed", **done)
    for reason in set(applied.ignored.values()):
        numbers = [number for number, why in applied.ignored.items() if why == reason]
        _set(session, numbers, state="ignored", handled_at=now, error=reason)
    for number, error in applied.failed.items():
        _delay(session, [number], error, now=now)


def _lease(session: Session, doubts: list[Doubt], *, now: datetime) -> None:
    asked = [number for doubt in doubts for number in doubt.numbers]
    _set(session, asked, next_try_at=now + LEASE)


def _set(session: Session, numbers: Collection[int], **values: object) -> None:
    if numbers:
        run(
            session,
            _update(*values),
            {"numbers": list(numbers), **{f"new_{name}": value for name, value in values.items()}},
        )


@cache
def _update(*names: str) -> sa.Update:
    """The statement that sets these columns; each value is named as its column, with a mark."""
    places: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in names}
    return sa.update(_EVENTS).where(_THESE).values(places)


def _fail(
    db: Database,
    numbers: Collection[int],
    error: str,
    *,
    now: datetime,
    of: Collection[str] | None = None,
) -> None:
    with db.transaction() as session:
        if of is not None:
            wanted = sa.select(StripeEvent.id)
            mine = wanted.where(StripeEvent.id.in_(numbers), StripeEvent.object_id.in_(of))
            numbers = list(session.scalars(mine))
        _delay(session, numbers, error, now=now)


def _delay(session: Session, numbers: Collection[int], error: str, *, now: datetime) -> None:
    """Keep events with their error, to be tried again after a pause that grows."""
    alike: dict[int, list[int]] = defaultdict(list)
    for number, attempts in _tries(session, numbers):
        alike[attempts].append(number)
    for attempts, some in alike.items():
        pause = min(timedelta(seconds=2 ** min(attempts + 2, 20)), LONGEST_PAUSE)
        _set(
            session,
            some,
            state="failed",
            attempts=attempts + 1,
            error=error[:2000],
            next_try_at=now + pause,
        )


def _tries(session: Session, numbers: Collection[int]) -> list[tuple[int, int]]:
    """Those of these events that still wait, and how often each was tried."""
    found = rows(session, _TRIES, {"numbers": list(numbers)})
    return [(number, attempts) for state, number, attempts in found if state in WAITING]
