"""Becoming a patron: what was wished is kept before anything is asked of Stripe.

A form that is sent twice, or again after an answer was lost, is one row. Nobody needs an account
first.
"""

from __future__ import annotations

import json
import secrets
import uuid
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.db import for_update, insert_once
from app.core.errors import AppError
from app.core.forms import email_key
from app.core.i18n import lazy_gettext as _l
from app.core.money import Money
from app.core.signing import fingerprint
from app.membership.models import RUNNING, Pledge, SignUp
from app.membership.offering import Choice
from app.newsroom import queries as newsroom

OPEN_FOR = timedelta(hours=3)  # the line before paying says "today"; Stripe allows 24


class NotOpen(AppError):
    """The newsroom has closed its sign-up."""

    status = 409
    title = _l("Not just now")
    message = _l("We are not taking new pledges at the moment. Those that run go on as they are.")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a reader sent: the choice, where to write to, what they allow, where they came from."""

    choice: Choice
    email: str
    language: str
    consents: tuple[dict[str, Any], ...] = ()
    campaign: str | None = None
    article: str | None = None
    referrer: str | None = None

    @property
    def key(self) -> str:
        """The same for the same wish, different for any other."""
        return fingerprint(json.dumps(asdict(self), sort_keys=True))[:24]


def keep(
    session: Session, *, wish: Wish, form_key: str, recent: str | None, now: datetime
) -> SignUp:
    """The row of a wish, made now or before; one that ran out makes way for a new one."""
    if not newsroom.current(session).sign_up_open:
        raise NotOpen()
    again = _recent(session, wish, recent, now)
    if again is not None:
        return again
    key = f"{form_key}:{wish.key}"
    while True:
        insert_once(session, SignUp, _row(wish, key, now))
        mine = sa.select(SignUp).where(SignUp.form_key == key)
        sign_up = session.scalars(for_update(mine)).one()
        if not _is_over(sign_up, now):
            return sign_up
        key = f"{form_key}:{wish.key}:{sign_up.id}"


def may_begin(choice: Choice, known: Pledge | None) -> bool:
    """Whether who has this living pledge may make this choice: one pledge a person runs.

    What is only on its way keeps nobody: what arrives first counts, the other goes back.
    """
    return choice.interval == "once" or known is None or known.state not in RUNNING


def address_of(wish: Wish) -> str:
    """The join page with this choice filled in; an address of a person stands in no address."""
    choice = wish.choice
    query = {
        "interval": choice.interval,
        "currency": choice.currency,
        "amount": Money(choice.amount, choice.currency).plain(),
        "cover_fees": "1" if choice.fee_cover else None,
        "campaign": wish.campaign,
        "article": wish.article,
    }
    return f"/join?{urlencode({name: value for name, value in query.items() if value})}"


def by_checkout(session: Session, checkout_id: str) -> SignUp | None:
    """The sign-up that this Checkout session belongs to."""
    return session.scalar(sa.select(SignUp).where(SignUp.checkout_id == checkout_id))


def wish_of(sign_up: SignUp) -> Wish:
    """What was wished, as it was kept."""
    return Wish(
        choice=Choice(sign_up.interval, sign_up.currency, sign_up.amount, sign_up.fee_cover),
        email=sign_up.email,
        language=sign_up.language,
        consents=tuple(sign_up.consents),
        campaign=sign_up.campaign,
        article=sign_up.article,
        referrer=sign_up.referrer,
    )


def _recent(session: Session, wish: Wish, ref: str | None, now: datetime) -> SignUp | None:
    """What this browser began a while ago with the same wish, and has not finished."""
    if ref is None:
        return None
    found = session.scalar(sa.select(SignUp).where(SignUp.ref == ref))
    if found is None or found.state != "open" or _is_over(found, now):
        return None
    return found if wish_of(found).key == wish.key else None


def _is_over(sign_up: SignUp, now: datetime) -> bool:
    if sign_up.state == "open":
        return sign_up.created_at <= now - OPEN_FOR
    return sign_up.state in ("expired", "failed")


def _row(wish: Wish, form_key: str, now: datetime) -> dict[str, Any]:
    return {
        "ref": str(uuid.uuid4()),
        "form_key": form_key,
        "idempotency_key": secrets.token_hex(16),
        "email": wish.email,
        "email_key": email_key(wish.email),
        "language": wish.language,
        "interval": wish.choice.interval,
        "currency": wish.choice.currency,
        "amount": wish.choice.amount,
        "fee_cover": wish.choice.fee_cover,
        "consents": list(wish.consents),
        "campaign": wish.campaign,
        "article": wish.article,
        "referrer": wish.referrer,
        "state": "open",
        "created_at": now,
    }
