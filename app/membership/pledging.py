"""A recurring pledge, brought in line with Stripe; and who is told when it changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import jobs
from app.core.statements import OneOf, plain, run
from app.membership import consenting, deriving, history, sending_back, standing, yielding
from app.membership.cases import Case, Draft
from app.membership.facts import Facts, Try
from app.membership.history import Past
from app.membership.models import LIVING, RUNNING, Pledge
from app.newsroom import queries as newsroom
from app.payments.changes import Change

Json = dict[str, Any]
SETTLED = (
    "state", "subscription_id", "interval", "amount", "fee_cover", "started_at", "paid_through",
    "returned_at", "past_due_since", "cancels_at", "ended_at", "end_reason", "give_back_from",
)  # fmt: skip
_pledge: Any = Pledge.__table__
_OF_THEM = (
    sa.select(*_pledge.c)
    .where(OneOf(_pledge.c.account_id, "owners"))
    .order_by(_pledge.c.id)
    .with_for_update(key_share=True)  # who stops a pledge meanwhile writes what is written here
)
_BEGIN = sa.insert(_pledge)
_SAVE = sa.update(_pledge).where(_pledge.c.id == sa.bindparam("number"))
Others = dict[int, list[Draft]]  # by account: their pledges beside those that are settled


@dataclass(frozen=True, slots=True)
class Before:
    """What a pledge was before it was settled, to see what changed."""

    state: str
    total: int
    interval: str
    cancels_at: datetime | None
    returned_at: datetime | None
    started_at: datetime | None

    @classmethod
    def of(cls, pledge: Draft) -> Before:
        return cls(
            pledge.state,
            pledge.total,
            pledge.interval,
            pledge.cancels_at,
            pledge.returned_at,
            pledge.started_at,
        )

    @property
    def has_right(self) -> bool:
        """Whether the pledge by itself gives a vote."""
        return self.state in ("active", "past_due") and self.returned_at is None


@dataclass(frozen=True, slots=True)
class Settled:
    """A pledge after it was settled, and what it was before."""

    case: Case
    pledge: Draft
    before: Before
    is_told: bool  # whether its history has more to say


def settle(session: Session, cases: Sequence[Case], *, now: datetime) -> dict[str, Draft]:
    """Bring the pledges of sign-ups in line with Stripe, no two of them one person's.

    Gives them by their ref.
    """
    pledges, others = _pledges(session, cases)
    was = {ref: dict(vars(pledge)) for ref, pledge in pledges.items()}
    rivals = {who: one for who, all_ in others.items() for one in all_ if one.state in RUNNING}
    beaten = yielding.beaten(session, cases, pledges, rivals)
    for case in cases:
        if case.ref in beaten:
            _replace(session, case, pledges[case.ref], rivals.pop(case.account.id))
    for case in cases:
        _outlive(pledges[case.ref], case.facts, rivals.get(case.account.id))
    past = Past(session, [pledges[case.ref].id for case in cases if _needs_past(case, pledges)])
    late = [case for case in cases if deriving.needs_past(pledges[case.ref], case.facts)]
    grace = newsroom.grace(session) if late else timedelta(0)  # nothing else can lapse
    done = [
        _settle(case, pledges[case.ref], past, has_other=case.account.id in rivals, grace=grace,
                now=now)
        for case in cases
    ]  # fmt: skip
    changed = [*beaten.values()]  # before who takes their place: only one may run
    changed += [pledge for ref, pledge in pledges.items() if vars(pledge) != was[ref]]
    if changed:
        run(session, _SAVE, [_saved(pledge) for pledge in changed])
    past.write()
    moved = [one for one in done if one.is_told or one.before != Before.of(one.pledge)]
    history.tell(session, *[one.pledge.account_id for one in moved])
    _tell_rooms(session, done, now=now)
    mails = {key: mail for one in done for key, mail in _mails(one, now)}
    jobs.enqueue_each(session, "membership.tell", mails, now=now)
    back = {key: what for one in done for key, what in _to_send_back(one.pledge, one.case.facts)}
    back |= {f"send_back:{one.ref}:{ref}": {"ref": one.ref} for ref, one in beaten.items()}
    jobs.enqueue_each(session, "membership.send_back", back, now=now)
    behind = {key: what for one in done for key, what in _to_look_at_again(one, others)}
    jobs.enqueue_each(session, "membership.settle", behind, now=now)
    return pledges


def _pledges(session: Session, cases: Sequence[Case]) -> tuple[dict[str, Draft], Others]:
    """The pledge of each sign-up, begun where there is none; and what else a person pledged."""
    refs = {case.ref for case in cases}
    owners = {"owners": [case.account.id for case in cases]}
    rows = plain(session, _OF_THEM, owners, Draft)
    others: Others = defaultdict(list)
    for row in rows:
        if row.ref not in refs and row.state != "duplicate":
            others[row.account_id].append(row)
    taken = {who for who, all_ in others.items() if any(one.state in RUNNING for one in all_)}
    known = {row.ref for row in rows}
    new = [
        _begun(case, has_other=case.account.id in taken) for case in cases if case.ref not in known
    ]
    if new:
        run(session, _BEGIN, new)
        rows = plain(session, _OF_THEM, owners, Draft)
    return {row.ref: row for row in rows if row.ref in refs}, others


def _begun(case: Case, *, has_other: bool) -> Json:
    """A pledge without rights, for good if the person has another that runs, or was erased."""
    sign_up = case.sign_up
    return {
        "ref": sign_up.ref,
        "account_id": case.account.id,
        "sign_up_id": sign_up.id,
        "interval": sign_up.interval,
        "currency": sign_up.currency,
        "amount": sign_up.amount,
        "fee_cover": sign_up.fee_cover,
        "state": "duplicate" if has_other or case.account.erased_at is not None else "pending",
        "created_at": sign_up.created_at,
        "campaign": sign_up.campaign,
        "article": sign_up.article,
    }


def _replace(session: Session, case: Case, pledge: Draft, rival: Draft) -> None:
    """A pledge that was taken for a duplicate is kept, with what was ticked for it."""
    pledge.state, rival.state = "pending", "duplicate"
    consenting.give_as_ticked(session, case.sign_up)


def _outlive(pledge: Draft, facts: Facts, rival: Draft | None) -> None:
    """A pledge that ended for us and lives on at Stripe is over for good once another runs.

    What it was charged before stays, and so does its history.
    """
    counted = pledge.state == "ended" and pledge.started_at is not None
    lives = facts.subscription is not None and facts.subscription.status not in sending_back.OVER
    if counted and lives and rival is not None and pledge.give_back_from is None:
        pledge.give_back_from = rival.started_at


def _needs_past(case: Case, pledges: Mapping[str, Draft]) -> bool:
    """Whether its history is to be read: it may grow, or decide what the pledge is."""
    pledge = pledges[case.ref]
    grows = _new_start(pledge, case.facts) is not None or any(change.seen for change in case.told)
    return grows or deriving.needs_past(pledge, case.facts)


def _settle(
    case: Case, pledge: Draft, past: Past, *, has_other: bool, grace: timedelta, now: datetime
) -> Settled:
    before = Before.of(pledge)
    is_told = _write_history(case, pledge, past)
    state = deriving.derive(pledge, case.sign_up, case.facts, past)
    if deriving.lapse(pledge, state, past, grace=grace, now=now):
        state, is_told = "ended", True
    pledge.state = _only_one(pledge, state, has_other=has_other)
    return Settled(case, pledge, before, is_told)


def _new_start(pledge: Draft, facts: Facts) -> Try | None:
    first = deriving.first_kept(pledge, facts)
    return first if first is not None and pledge.started_at != first.at else None


def _write_history(case: Case, pledge: Draft, past: Past) -> bool:
    """The start, and the snapshots that were just told; True where any is new."""
    is_new = False
    first = _new_start(pledge, case.facts)
    if first is not None:
        is_new = past.add(
            pledge.id,
            cause_key=f"start:{first.id}",
            effective_at=first.at,
            state="active",
            total=case.sign_up.total,
            interval=case.sign_up.interval,
        )
    for change in case.told:
        is_new |= _write_snapshot(pledge, past, change)
    return is_new


def _write_snapshot(pledge: Draft, past: Past, change: Change) -> bool:
    seen = change.seen
    if seen is None:
        return False
    state = deriving.state_of(seen.status, is_paused=seen.is_paused, else_="pending")
    if state == "pending":  # worth nothing yet, and in the first second it may come out of order
        return False
    is_end = state == "ended"
    if _is_over_at(pledge, change.at) and state in ("active", "paused"):
        return False  # it pays at Stripe, and is over for us
    return past.add(
        pledge.id,
        cause_key=f"{'over' if is_end else 'evt'}:{change.event_id}",
        effective_at=(is_end and seen.ended_at) or change.at,
        state=state,
        total=seen.total,
        interval=seen.interval,
        reason=deriving.reason_of(seen.status, seen.cancellation_reason) if is_end else None,
    )


def _is_over_at(pledge: Draft, at: datetime) -> bool:
    is_for_good = pledge.give_back_from is not None
    return is_for_good and pledge.ended_at is not None and bool(at > pledge.ended_at)


def _only_one(pledge: Draft, state: str, *, has_other: bool) -> str:
    """A pledge on its way or just paid, beside one that runs, is a duplicate."""
    wakes = state in LIVING and pledge.state not in RUNNING
    if pledge.state == "duplicate" or (wakes and has_other):
        return "duplicate"
    return state


def _saved(pledge: Draft) -> Json:
    return {"number": pledge.id, **{name: getattr(pledge, name) for name in SETTLED}}


def _tell_rooms(session: Session, done: Sequence[Settled], *, now: datetime) -> None:
    """Let the rooms above know who may vote now, and who may no more."""
    real = [one for one in done if one.pledge.state != "duplicate"]
    gained = [one.pledge.account_id for one in real if _has_gained(one)]
    taken = {one.pledge.account_id: _taken(one.pledge, one.before) for one in real}
    lost = {who: reason for who, reason in taken.items() if reason is not None}
    standing.tell(session, gained=gained, lost=lost, now=now)


def _has_gained(settled: Settled) -> bool:
    return Before.of(settled.pledge).has_right and not settled.before.has_right


def _taken(pledge: Draft, before: Before) -> str | None:
    """What just took a right that was paid for: a refund, a dispute, or nothing."""
    if pledge.state == "ended" != before.state and pledge.end_reason == "dispute":
        return "dispute"
    returned = pledge.returned_at is not None and before.returned_at is None
    return "refund" if returned and pledge.give_back_from is None else None


def _mails(settled: Settled, now: datetime) -> Iterator[tuple[str, Json]]:
    """The mails that follow from what changed, by the key that asks for each once."""
    pledge, before = settled.pledge, settled.before
    is_back = pledge.returned_at is not None and before.returned_at is None
    if is_back and deriving.gives_back(pledge, settled.case.facts.paid[-1].at):
        yield _mail(pledge, "returned", "")
    if pledge.state == "duplicate":
        return
    if pledge.state == "ended":
        if pledge.give_back_from is not None and before.state != "ended":
            yield _mail(pledge, "stopped", "")
        elif pledge.started_at is None and before.state != "ended":
            yield _mail(pledge, "failed", "")
        elif before.state in RUNNING and pledge.end_reason == history.INVOLUNTARY:
            yield _mail(pledge, "lapsed", pledge.ended_at.isoformat())
        return
    if pledge.cancels_at is not None and before.cancels_at != pledge.cancels_at:
        yield _mail(pledge, "stopped", pledge.cancels_at.isoformat())
    terms = (pledge.total, pledge.interval)
    if before.started_at is not None and terms != (before.total, before.interval):
        yield _mail(pledge, "changed", f"{pledge.total}:{now.isoformat()}")


def _mail(pledge: Draft, what: str, key: str) -> tuple[str, Json]:
    return f"{what}:{pledge.ref}:{key}", {"what": what, "ref": pledge.ref, "key": key}


def _to_send_back(pledge: Draft, facts: Facts) -> Iterator[tuple[str, Json]]:
    """What must not go on is ended at Stripe, and each charge given back, when they are known."""
    if not sending_back.must_not_be(pledge):
        return
    known = [facts.subscription.id] if facts.subscription is not None else []
    for thing in known + [charge.id for charge in sending_back.unwanted(pledge, facts)]:
        yield f"send_back:{thing}", {"ref": pledge.ref}


def _to_look_at_again(settled: Settled, others: Others) -> Iterator[tuple[str, Json]]:
    """Where a pledge begins to run, what else its person began has to make way."""
    pledge = settled.pledge
    if pledge.state in RUNNING and settled.before.state not in RUNNING:
        for other in others.get(pledge.account_id, ()):
            yield f"settle:{other.ref}:{pledge.ref}", {"ref": other.ref}
