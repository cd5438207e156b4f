"""Everybody who ever gave, as the desk lists and finds them; names only where they may be seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.core.money import Money
from app.core.pagination import Cursor, Page, page_by_id
from app.membership import queries
from app.membership.models import LIVING, RUNNING, Gift, Pledge
from app.payments.models import StripeCharge, StripeSubscription

STATES = ("active", "past_due", "paused", "pending", "ending", "ended", "gift")
LAST_FOUR = 4
LONGEST_SEARCH = 100
IDS_AT_STRIPE = ("sub_", "cus_", "ch_", "pi_", "in_")


@dataclass(frozen=True, slots=True)
class Row:
    """One person in the list. Without leave, name and address are None."""

    account_id: int
    name: str | None
    email: str | None
    since: datetime
    state: str
    charge: Money | None
    interval: str
    source: str | None


def patrons(
    session: Session, *, search: str, state: str | None, all_names: bool, cursor: Cursor
) -> Page[Row]:
    """A page of those who gave, newest first; four questions to the database, however many.

    Who may not see all names finds and sees only those who allowed the newsroom to know them.
    """
    people = sa.select(Account).where(sa.or_(_has(Pledge, _counts()), _has(Gift, sa.true())))
    if state in STATES:
        people = people.where(_stands(state))
    if search:
        people = people.where(_matches(session, search[:LONGEST_SEARCH]))
        if not all_names:
            people = people.where(Account.id.in_(queries.consenting("know_me")))
    page = page_by_id(session, people, key=Account.id, cursor=cursor, scalars=True)
    ids = [account.id for account in page.rows]
    pledges, gifts = _pledges(session, ids), _gifts(session, ids)
    known = set(ids) if all_names else queries.known_to_newsroom(session, ids)
    rows = [
        _row(one, pledges.get(one.id), gifts.get(one.id), is_known=one.id in known)
        for one in page.rows
    ]
    return Page(rows, page.after, page.before)


def state_of(pledge: Pledge | None) -> str:
    """How somebody stands, in one word."""
    if pledge is None:
        return "gift"
    return "ending" if pledge.cancels_at is not None else pledge.state


def _row(account: Account, pledge: Pledge | None, gift: Gift | None, *, is_known: bool) -> Row:
    given = pledge or gift
    assert given is not None
    return Row(
        account_id=account.id,
        name=account.name if is_known else None,
        email=account.email if is_known else None,
        since=(pledge.started_at if pledge else None) or given.created_at,
        state=state_of(pledge),
        charge=given.money,
        interval=given.interval,
        source=(pledge.campaign or pledge.article) if pledge else None,
    )


def _pledges(session: Session, ids: list[int]) -> dict[int, Pledge]:
    """The living pledge of each, else the last one."""
    lives = sa.case((Pledge.state.in_(LIVING), 1), else_=0)
    mine = sa.select(Pledge).where(Pledge.account_id.in_(ids), _counts())
    found: dict[int, Pledge] = {}
    for pledge in session.scalars(mine.order_by(lives, Pledge.id)):
        before = found.get(pledge.account_id)
        if before is None or before.state not in RUNNING:
            found[pledge.account_id] = pledge
    return found


def _gifts(session: Session, ids: list[int]) -> dict[int, Gift]:
    mine = sa.select(Gift).where(Gift.account_id.in_(ids)).order_by(Gift.id)
    return {gift.account_id: gift for gift in session.scalars(mine)}


def _counts() -> sa.ColumnElement[bool]:
    return Pledge.state != "duplicate"


def _lives() -> sa.ColumnElement[bool]:
    return Pledge.state.in_(LIVING)


def _has(table: type[Pledge] | type[Gift], *which: sa.ColumnElement[bool]) -> sa.Exists:
    return sa.exists().where(table.account_id == Account.id, *which)


def _stands(state: str) -> sa.ColumnElement[bool]:
    if state == "gift":
        return sa.and_(_has(Gift, sa.true()), ~_has(Pledge, _counts()))
    if state == "ended":
        return sa.and_(_has(Pledge, Pledge.state == "ended"), ~_has(Pledge, _lives()))
    if state == "ending":
        return _has(Pledge, _lives(), Pledge.cancels_at.is_not(None))
    return _has(Pledge, Pledge.state == state, Pledge.cancels_at.is_(None))


def _matches(session: Session, search: str) -> sa.ColumnElement[bool]:
    """A part of the name or address, a card's last four digits, or an id of Stripe's."""
    if search.startswith(IDS_AT_STRIPE):
        return Account.id.in_(_with_ref(_refs_at_stripe(search)))
    folded = sa.func.fold if session.get_bind().dialect.name == "sqlite" else sa.func.lower
    words = search.casefold().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    alike = [
        folded(column).like(f"%{words}%", escape="\\") for column in (Account.name, Account.email)
    ]
    if len(search) == LAST_FOUR and search.isascii() and search.isdigit():
        paid = sa.select(StripeCharge.ref).where(StripeCharge.card_last4 == search)
        alike.append(Account.id.in_(_with_ref(paid)))
    return sa.or_(*alike)


def _refs_at_stripe(stripe_id: str) -> sa.Select[str]:
    subscription = sa.select(StripeSubscription.ref).where(
        sa.or_(StripeSubscription.id == stripe_id, StripeSubscription.customer_id == stripe_id)
    )
    charge = sa.select(StripeCharge.ref).where(
        sa.or_(
            StripeCharge.id == stripe_id,
            StripeCharge.customer_id == stripe_id,
            StripeCharge.payment_intent_id == stripe_id,
            StripeCharge.invoice_id == stripe_id,
        ),
        StripeCharge.ref.is_not(None),
    )
    refs = sa.union_all(subscription, charge).subquery("refs")
    return sa.select(refs.c.ref)


def _with_ref(refs: sa.Select[str] | sa.Select[str | None]) -> sa.Select[int]:
    pledges = sa.select(Pledge.account_id).where(Pledge.ref.in_(refs))
    gifts = sa.select(Gift.account_id).where(Gift.ref.in_(refs))
    ids = sa.union_all(pledges, gifts).subquery("with_ref")
    return sa.select(ids.c.account_id)
