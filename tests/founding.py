"""A founded newsroom for hundreds of tests: its texts are rendered once in this process."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.db import Base
from app.newsroom import founding
from app.newsroom.models import CurrencyOffer, Newsroom, NewsroomText

_rows: dict[type[Base], list[dict[str, Any]]] = {}


def found(session: Session, *, now: datetime) -> None:
    """Write what ``founding.found`` writes, as it was the first time, with this ``now``."""
    if not _rows:
        founding.found(session, now=now)
        session.flush()
        models: tuple[type[Base], ...] = (Newsroom, CurrencyOffer, NewsroomText)
        for model in models:
            written = session.execute(sa.select(*model.__table__.columns)).mappings()
            _rows[model] = [dict(row) for row in written]
        return
    for model, rows in _rows.items():
        times = {"updated_at": now} if hasattr(model, "updated_at") else {}
        session.execute(sa.insert(model), [row | times for row in rows])
