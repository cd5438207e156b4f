"""What the newsroom's public pages show; reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.core import drawing
from app.core.money import Money
from app.core.pagination import Cursor, Page, page_by_id
from app.membership import offering, queries, standing
from app.newsroom import queries as newsroom
from app.newsroom.models import Newsroom, NewsroomText
from app.reporting import mrr
from app.topics.models import Round

WALL_PAGE = 200
THIS_SECOND = timedelta(seconds=1)  # what happened just now counts already


@dataclass(frozen=True, slots=True)
class Numbers:
    """The honest numbers of the front page, in the newsroom's reporting currency."""

    patrons: int
    given: Money
    goal: Money | None
    levels: list[float]  # how full each cup is
    smallest: Money  # the least that stands on a card, a month


@dataclass(frozen=True, slots=True)
class Text:
    """A text of the newsroom, and when it was last changed."""

    html: Markup
    updated_at: datetime | None


def numbers(session: Session, room: Newsroom, *, now: datetime) -> Numbers:
    """How many give, how much a month, and how far that is from the goal."""
    offers = {offer.currency: offer for offer in newsroom.offers(session)}
    currency, at = room.reporting_currency, now + THIS_SECOND
    standing = mrr.standing(session, at=at)
    given = standing[currency].mrr if currency in standing else Money(0, currency)
    reporting = offers.get(currency)
    goal = reporting.goal if reporting is not None else None
    own = offers.get(room.default_currency) or next(iter(offers.values()))
    return Numbers(
        patrons=mrr.active_patrons(standing),
        given=given,
        goal=Money(goal, currency) if goal else None,
        levels=drawing.cups(given.minor, goal) if goal else [],
        smallest=Money(min(offering.presets(own, "month"), default=own.minimum), own.currency),
    )


def text(session: Session, key: str, language: str) -> Text:
    """One text in a language, else in the one that is there; empty where none was written."""
    html = newsroom.texts(session, [key], language).get(key, Markup(""))
    changed = sa.select(sa.func.max(NewsroomText.updated_at)).where(NewsroomText.key == key)
    return Text(html, session.scalar(changed))


def next_opening(session: Session) -> datetime | None:
    """When the next round opens, if one is planned for sure."""
    planned = sa.select(sa.func.min(Round.opens_at)).where(Round.state == "draft", Round.scheduled)
    return session.scalar(planned)


def wall(session: Session, cursor: Cursor, *, now: datetime) -> Page[Account]:
    """Those who give and allowed their name on the wall; the newest first."""
    people = sa.select(Account).where(
        Account.id.in_(queries.consenting("on_wall")),
        Account.id.in_(standing.good_standing_ids(session, now)),
        Account.name.is_not(None),
        Account.name != "",
        Account.erased_at.is_(None),
    )
    return page_by_id(session, people, key=Account.id, cursor=cursor, size=WALL_PAGE, scalars=True)
