"""What the factory made, as a view reaches it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar, cast

from flask import current_app, g
from sqlalchemy.orm import Session

from app.core.clock import Clock
from app.core.db import Database
from app.core.limits import Limiter
from app.core.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class House:
    """One running application: its settings, database, clock and outside services."""

    settings: Settings
    db: Database
    clock: Clock
    limiter: Limiter
    services: dict[str, Any] = field(default_factory=dict)


def house() -> House:
    return cast(House, current_app.extensions["house"])


def database() -> Database:
    return house().db


def settings() -> Settings:
    return house().settings


def limiter() -> Limiter:
    return house().limiter


def services() -> dict[str, Any]:
    return house().services


def once(name: str, make: Callable[[], T]) -> T:
    """What a request needs several times, made the first time it is asked for."""
    key = f"once:{name}"
    if key not in g:
        setattr(g, key, make())
    return cast(T, getattr(g, key))


def now() -> datetime:
    """The business's time; read once in a view and passed on."""
    return house().clock()


def reading() -> AbstractContextManager[Session]:
    return house().db.reading()


def transaction() -> AbstractContextManager[Session]:
    return house().db.transaction()
