"""The first row: a newsroom exists as soon as the database does, with careful defaults."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.newsroom import writing
from app.newsroom.models import ONLY_ROW, CurrencyOffer, Newsroom
from app.newsroom.texts import DEFAULT_TEXTS

# Presets and bounds are round numbers in each currency, not conversions of one another.
OFFERS = (
    CurrencyOffer(
        currency="EUR", position=1, minimum=200, maximum=100_000, coffee=300, goal=None,
        fee_fixed=25, one_time_minimum=2000,
        presets={"month": [300, 500, 1000, 2500], "year": [3600, 6000, 12000, 30000],
                 "once": [1000, 2500, 5000, 10000]},
    ),
    CurrencyOffer(
        currency="UAH", position=2, minimum=5000, maximum=4_000_000, coffee=9000, goal=None,
        fee_fixed=500, one_time_minimum=50_000,
        presets={"month": [10000, 20000, 40000, 100000],
                 "year": [100000, 200000, 400000, 1000000],
                 "once": [20000, 50000, 100000, 300000]},
    ),
    CurrencyOffer(
        currency="USD", position=3, minimum=200, maximum=100_000, coffee=300, goal=None,
        fee_fixed=30, one_time_minimum=2000,
        presets={"month": [300, 500, 1000, 2500], "year": [3600, 6000, 12000, 30000],
                 "once": [1000, 2500, 5000, 10000]},
    ),
)  # fmt: skip


def found(session: Session, *, now: datetime) -> None:
    """Write the newsroom's row, its currencies and texts where there are none yet."""
    if session.get(Newsroom, ONLY_ROW) is not None:
        return
    session.add(
        Newsroom(
            id=ONLY_ROW,
            name="Our newsroom",
            reply_to="",
            timezone="Europe/Kyiv",
            default_language="en",
            default_currency="EUR",
            reporting_currency="EUR",
            default_interval="month",
            accent="#0b5563",
            fee_basis_points=150,
            grace_days=30,
            one_time_days=365,
            late_joiners_vote=True,
            sign_up_open=True,
            updated_at=now,
        )
    )
    for offer in OFFERS:
        columns = {column.key: getattr(offer, column.key) for column in offer.__table__.columns}
        session.add(CurrencyOffer(**columns))
    for key, by_language in DEFAULT_TEXTS.items():
        for language, body in by_language.items():
            writing.write(session, key=key, language=language, body=body, now=now)
