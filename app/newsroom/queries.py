"""What the newsroom has set, as the other rooms read it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from app.core.statements import rows
from app.newsroom.models import ONLY_ROW, CurrencyOffer, Newsroom, NewsroomText

_ROOM = sa.select(*Newsroom.__table__.c).where(Newsroom.id == ONLY_ROW)
_GRACE_DAYS = sa.select(Newsroom.grace_days).where(Newsroom.id == ONLY_ROW)


class NotFounded(LookupError):
    """The database has no newsroom yet: run `flask --app wsgi serve` or the migrations first."""


def current(session: Session) -> Newsroom:
    """This installation's newsroom."""
    room = session.get(Newsroom, ONLY_ROW)
    if room is None:
        raise NotFounded(NotFounded.__doc__)
    return room


def for_reading(connection: Connection) -> Newsroom:
    """The same for a page, which changes nothing: one statement and no session."""
    found = rows(connection, _ROOM)
    if not found:
        raise NotFounded(NotFounded.__doc__)
    return Newsroom(**found[0]._asdict())


def grace(session: Session) -> timedelta:
    """How long a pledge counts that could not be paid."""
    found = rows(session, _GRACE_DAYS)
    if not found:
        raise NotFounded(NotFounded.__doc__)
    return timedelta(days=found[0].grace_days)


def offers(session: Session) -> list[CurrencyOffer]:
    """The currencies a reader may give in, in the newsroom's order."""
    return list(session.scalars(sa.select(CurrencyOffer).order_by(CurrencyOffer.position)))


def offer(session: Session, currency: str) -> CurrencyOffer | None:
    return session.get(CurrencyOffer, currency)


def texts(session: Session, keys: Iterable[str], language: str) -> dict[str, Markup]:
    """The newsroom's texts by key as HTML, in a language or else in the one that is there."""
    wanted = sa.select(NewsroomText).where(NewsroomText.key.in_(list(keys)))
    wanted = wanted.where(NewsroomText.body != "")
    found: dict[str, Markup] = {}
    for text in session.scalars(wanted.order_by(NewsroomText.language)):
        if text.key not in found or text.language == language:
            found[text.key] = Markup(text.html)  # noqa: S704  (made by rendering.to_html)
    return found
