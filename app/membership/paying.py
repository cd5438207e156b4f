"""The page to pay on: asked of Stripe for a sign-up that is kept, once.

The question is stored with its key before it is asked, so a form that is sent twice, or again
after an answer was lost, is one Checkout session.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import i18n
from app.core.db import Database, insert_once
from app.membership import joining, wording
from app.membership.joining import OPEN_FOR, Wish
from app.membership.models import SignUp
from app.newsroom import queries as newsroom
from app.payments.gateway import Gateway, StripeRefused, StripeUnavailable
from app.payments.models import StripeRequest

BACK = "/join/thanks?session_id="
PLACEHOLDER = "{CHECKOUT_SESSION_ID}"  # Stripe puts the id there
ASKED = "checkout.create"


@dataclass(frozen=True, slots=True)
class Begun:
    """A kept sign-up and the address to go on to: Stripe's page, or ours if it is paid."""

    ref: str
    url: str


def begin(
    db: Database,
    gateway: Gateway,
    *,
    wish: Wish,
    form_key: str,
    recent: str | None,
    site_url: str,
    now: datetime,
) -> Begun:
    """Keep a wish and give the page to pay on; the same wish again gets the same page.

    ``form_key`` was made when the form was rendered; ``recent`` is the ref of what this browser
    began last. Raises NotOpen, StripeUnavailable (the wish is kept) and StripeRefused.
    """
    with db.transaction() as session:
        sign_up = joining.keep(session, wish=wish, form_key=form_key, recent=recent, now=now)
        page = _page(session, sign_up, site_url)
    if sign_up.checkout_id is not None:
        return _begun(sign_up)
    try:
        checkout = gateway.create_checkout(**page)
    except StripeUnavailable as error:
        return _after_silence(db, sign_up.id, error, now)
    except StripeRefused as error:
        _give_up(db, sign_up.id, now=now, code=error.code)
        raise
    with db.transaction() as session:
        kept = session.get_one(SignUp, sign_up.id)
        kept.checkout_id = kept.checkout_id or checkout["id"]
        kept.checkout_url = kept.checkout_url or checkout["url"]
        _answered(session, kept, state="done", now=now, result_id=checkout["id"])
        return _begun(kept)


def _begun(sign_up: SignUp) -> Begun:
    """Stripe's page; what is paid or on its way leads to our own page that says so."""
    if sign_up.state in ("paid", "pending") or sign_up.checkout_url is None:
        return Begun(sign_up.ref, f"{BACK}{sign_up.checkout_id}")
    return Begun(sign_up.ref, sign_up.checkout_url)


def _page(session: Session, sign_up: SignUp, site_url: str) -> dict[str, Any]:
    """What Stripe is asked for; kept words make a retry ask for exactly the same."""
    choice = joining.wish_of(sign_up).choice
    once = choice.interval == "once"
    return {
        "key": sign_up.idempotency_key,
        "ref": sign_up.ref,
        "mode": "payment" if once else "subscription",
        "currency": choice.currency,
        "total": choice.total,
        "interval": None if once else choice.interval,
        "email": sign_up.email,
        "language": sign_up.language,
        "success_url": f"{site_url}{BACK}{PLACEHOLDER}",
        "cancel_url": site_url + joining.address_of(joining.wish_of(sign_up)),
        "expires_at": sign_up.created_at + OPEN_FOR,
        **_words(session, sign_up),
    }


def _words(session: Session, sign_up: SignUp) -> dict[str, str]:
    """The name of what is bought, and the line before paying, in the reader's language."""
    asked = sa.select(StripeRequest.params).where(StripeRequest.key == sign_up.idempotency_key)
    kept = session.scalar(asked)
    if kept is not None:
        return dict(kept)
    room = newsroom.current(session)
    choice = joining.wish_of(sign_up).choice
    with i18n.speaking(sign_up.language):
        words = {
            "product_name": wording.product(choice.interval, room.name),
            "submit_text": wording.charges(
                choice.interval, choice.money, sign_up.created_at, room.timezone
            ),
        }
    row = {
        "key": sign_up.idempotency_key,
        "action": ASKED,
        "target": sign_up.ref,
        "params": words,
        "state": "open",
        "created_at": sign_up.created_at,
    }
    insert_once(session, StripeRequest, row)
    return words


def _answered(session: Session, sign_up: SignUp, *, state: str, now: datetime, **more: Any) -> None:
    mine = sa.update(StripeRequest).where(StripeRequest.key == sign_up.idempotency_key)
    session.execute(mine.values(state=state, finished_at=now, **more))


def _after_silence(db: Database, sign_up_id: int, error: StripeUnavailable, now: datetime) -> Begun:
    """The same form sent twice may have its page by now; else the next try is a new question.

    Stripe keeps an answer of 500 for a key as it keeps a page, so that key would never get one.
    A page that was made without our learning of it is found by the same key.
    """
    with db.transaction() as session:
        sign_up = session.get_one(SignUp, sign_up_id)
        if sign_up.checkout_id is not None:
            return _begun(sign_up)
        if error.was_answered:
            _answered(session, sign_up, state="refused", now=now, error="5xx")
            sign_up.idempotency_key = secrets.token_hex(16)
    raise error


def _give_up(db: Database, sign_up_id: int, *, now: datetime, code: str) -> None:
    """Stripe said no: the same form sent again is a new question."""
    with db.transaction() as session:
        sign_up = session.get_one(SignUp, sign_up_id)
        _answered(session, sign_up, state="refused", now=now, error=code)
        if sign_up.checkout_id is None:
            sign_up.state, sign_up.finished_at = "expired", now
