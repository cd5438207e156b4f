"""What became of sign-ups: derived from the mirror of Stripe, in whatever order it fills.

The same facts always end in the same rows; settling twice changes nothing. All that is told in one
transaction is settled together, with as many statements for a thousand sign-ups as for one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts import people
from app.accounts.models import Account
from app.core import jobs
from app.core.statements import OneOf, Plain, column, plain, run
from app.membership import consenting, facts, gifting, pledging
from app.membership.cases import Case, Draft
from app.membership.facts import Facts
from app.membership.models import Gift, Receipt, SignUp
from app.payments import forgetting as payments
from app.payments import ledger
from app.payments.changes import Change

FINISHED = ("paid", "failed", "expired")
UNHEARD = ("open", "expired")  # of these Stripe told nothing yet that is kept
SETTLED = ("account_id", "state", "finished_at")
READ = (
    "id", "ref", "email", "language", "interval", "currency", "amount", "fee_cover", "consents",
    "campaign", "article", "created_at", *SETTLED,
)  # fmt: skip
_sign_up: Any = SignUp.__table__
_account: Any = Account.__table__
# Sign-ups, then people, then their pledges, each by id: so no two who lock wait in a ring. Keys are
# left free, as rows point at them that others write: ballots, sessions, mails.
_SIGN_UPS = (
    sa.select(*(_sign_up.c[name] for name in READ))
    .where(OneOf(_sign_up.c.ref, "refs"))
    .order_by(_sign_up.c.id)
    .with_for_update(key_share=True)
)
_PEOPLE = (
    sa.select(_account.c.id, _account.c.name, _account.c.confirmed_at, _account.c.erased_at)
    .where(OneOf(_account.c.id, "ids"))
    .order_by(_account.c.id)
    .with_for_update(key_share=True)
)
_FINISH = sa.update(_sign_up).where(_sign_up.c.id == sa.bindparam("number"))
_NAME = sa.update(_account).where(_account.c.id == sa.bindparam("number"))
_RECEIPTS = sa.select(Receipt.charge_id).where(OneOf(Receipt.__table__.c.charge_id, "charges"))
Kept = Draft | Gift


def settle(session: Session, told: Mapping[str, Sequence[Change]], *, now: datetime) -> None:
    """Bring sign-ups, their pledges or gifts, and the people behind them in line with Stripe.

    ``told`` has their refs in the order in which they are to be settled, and what was just told of
    each, where something was: a subscription's own snapshot in it becomes a row of history. Refs
    of other installations are left alone.
    """
    sign_ups = _sign_ups(session, told)
    was = {ref: _settled(one) for ref, one in sign_ups.items()}
    paid = {ref for ref, one in sign_ups.items() if one.state == "paid" and not _named(told[ref])}
    known = facts.of_each(session, sign_ups, settled=paid)
    begun = {ref: one for ref, one in sign_ups.items() if known[ref].has_begun}
    accounts = _people(session, begun, known, now)
    cases = [Case(one, accounts[ref], known[ref], told[ref]) for ref, one in begun.items()]
    kept: dict[str, Kept] = {}
    for turn in _turns(cases):
        once = [case for case in turn if case.sign_up.interval == "once"]
        lasting = [case for case in turn if case.sign_up.interval != "once"]
        kept |= pledging.settle(session, lasting, now=now) if lasting else {}
        kept |= gifting.settle(session, once, now=now) if once else {}
    _remember(session, cases, kept, now)
    for ref, sign_up in sign_ups.items():
        _finish(sign_up, known[ref], now)
    changed = [_settled(one) for ref, one in sign_ups.items() if _settled(one) != was[ref]]
    if changed:
        run(session, _FINISH, changed)


def _settled(sign_up: Draft) -> dict[str, Any]:
    return {"number": sign_up.id, **{name: getattr(sign_up, name) for name in SETTLED}}


def _sign_ups(session: Session, told: Mapping[str, Sequence[Change]]) -> dict[str, Draft]:
    """Those of ours, in the order of ``told``, and locked."""
    found = {row.ref: row for row in plain(session, _SIGN_UPS, {"refs": list(told)}, Draft)}
    return {ref: found[ref] for ref in told if ref in found}


def _named(told: Sequence[Change]) -> bool:
    """Whether a checkout was told: it has the giver's name."""
    return any(change.kind == "checkout" for change in told)


def _people(
    session: Session, sign_ups: Mapping[str, Draft], known: Mapping[str, Facts], now: datetime
) -> dict[str, Plain]:
    """Who gave: known since the first time, else the person with the address that was typed.

    The rows are locked, so that two sign-ups of one person are settled one after the other.
    """
    new = [one for one in sign_ups.values() if one.account_id is None]
    met = people.find_or_create_each(session, {one.email: one.language for one in new}, now=now)
    for sign_up in new:
        sign_up.account_id = met[sign_up.email].id
    ids = {one.account_id for one in sign_ups.values()}
    rows = plain(session, _PEOPLE, {"ids": list(ids)}, Plain) if ids else []
    by_id = {row.id: row for row in rows}
    found = {ref: by_id[one.account_id] for ref, one in sign_ups.items()}
    named = {}
    for ref, account in found.items():
        checkout = known[ref].checkout
        is_named = account.name is not None or account.confirmed_at is not None
        if not is_named and account.erased_at is None and checkout is not None:
            account.name = checkout.name  # who has signed in names themselves
            named[account.id] = account.name
    if named:
        run(session, _NAME, [{"number": key, "name": name} for key, name in named.items()])
    return found


def _turns(cases: Sequence[Case]) -> Iterator[list[Case]]:
    """In their order, no two of one person in a turn: the first decides what the second is."""
    left = list(cases)
    while left:
        turn: dict[int, Case] = {}
        left = [case for case in left if turn.setdefault(case.account.id, case) is not case]
        yield list(turn.values())


def _remember(
    session: Session, cases: Sequence[Case], kept: Mapping[str, Kept], now: datetime
) -> None:
    """Whose money it is, what they allowed when they gave it, and a receipt for each charge."""
    if not cases:
        return
    ledger.claim(session, {case.ref: kept[case.ref].account_id for case in cases})
    for case in cases:
        if case.account.erased_at is not None:
            _forget(session, case, now)
        elif case.sign_up.state in UNHEARD and kept[case.ref].state != "duplicate":
            consenting.give_as_ticked(session, case.sign_up)
    _ask_for_receipts(session, cases, now)


def _forget(session: Session, case: Case, now: datetime) -> None:
    """What Stripe still tells of somebody who was erased has their name in it; asked once a day."""
    if case.told:
        customers = payments.customers_of(session, [case.ref])
        key = f"{case.ref}:{now:%Y-%m-%d}"
        payments.ask(session, key, refs=[case.ref], customers=customers, now=now)


def _ask_for_receipts(session: Session, cases: Sequence[Case], now: datetime) -> None:
    owners = {charge.id: case.ref for case in cases for charge in case.facts.paid}
    known = column(session, _RECEIPTS, {"charges": list(owners)}) if owners else ()
    for charge_id in known:
        del owners[charge_id]
    wanted = {
        f"thank:{charge_id}": {"ref": ref, "charge": charge_id} for charge_id, ref in owners.items()
    }
    jobs.enqueue_each(session, "membership.thank", wanted, now=now)


def _finish(sign_up: Draft, known: Facts, now: datetime) -> None:
    """The state of the form that was sent, as the page after paying tells it."""
    checkout = known.checkout
    if known.paid:
        state = "paid"
    elif known.has_failed:
        state = "failed"
    elif known.is_complete:
        state = "pending"
    elif checkout is not None and checkout.status == "expired":
        state = "expired"
    else:
        return
    sign_up.state = state
    if state in FINISHED and sign_up.finished_at is None:
        sign_up.finished_at = now
