"""The plan of the demo: who joins when, and what then happens to each. Pure, and the same for
the same seed; days are counted from the first one."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Literal

from app.ops.demo.people import Invented, invent

DAYS = 425  # fourteen months
JOINS = (34, 26, 25, 26, 26, 28, 30, 32, 34, 36, 38, 40, 42, 44)  # people, by month
GIFTS = 64
MONTH = 30.4
INTERVALS = ("month", "month", "month", "month", "year")
CURRENCIES = ("EUR",) * 13 + ("UAH",) * 5 + ("USD",) * 2
PRESETS = {
    ("EUR", "month"): (300, 300, 500, 500, 500, 700, 1000, 2500),
    ("EUR", "year"): (3600, 6000, 6000, 12000),
    ("EUR", "once"): (1000, 2500, 2500, 5000, 4000),
    ("UAH", "month"): (10000, 10000, 20000, 20000, 15000, 40000),
    ("UAH", "year"): (100000, 200000),
    ("UAH", "once"): (20000, 50000, 50000, 100000),
    ("USD", "month"): (300, 500, 500, 1000, 2500),
    ("USD", "year"): (6000, 12000),
    ("USD", "once"): (2500, 5000),
}
STEP_UP = {"EUR": 200, "UAH": 5000, "USD": 200}
CAMPAIGNS = ("autumn-letter", "under-article", "under-article", "under-article", "newsletter", None)
ARTICLES = ("insulin-prices", "left-bank-ambulances", "the-closed-library", "tram-depot", None)

Kind = Literal["join", "give", "raise", "lower", "stop", "fail", "mend", "refund", "rejoin"]


@dataclass(frozen=True, slots=True, order=True)
class Act:
    """Something that happens to one person at one moment."""

    day: int
    minute: int
    person: int
    kind: Kind = field(compare=False)
    amount: int = field(default=0, compare=False)  # minor units, of joins, gifts and changes


@dataclass(frozen=True, slots=True)
class Life:
    """One person and how they give; the acts say when."""

    person: Invented
    currency: str
    interval: str
    covers_fee: bool
    consents: tuple[str, ...]
    campaign: str | None
    article: str | None
    votes: float  # how likely they are to vote in a round


@dataclass(frozen=True, slots=True)
class Plan:
    """Everybody, and everything in the order in which it happens."""

    lives: list[Life]
    acts: list[Act]


def plan(seed: int) -> Plan:
    """Make the plan; about 400 patrons are left at its end."""
    random = Random(seed)
    joins = _join_days(random)
    people = invent(random, len(joins) + GIFTS)
    lives: list[Life] = []
    acts: list[Act] = []
    for index, day in enumerate(joins):
        life = _life(random, people[index], random.choice(INTERVALS))
        lives.append(life)
        acts += _patron(random, index, life, day)
    for index in range(len(joins), len(people)):
        life = _life(random, people[index], "once")
        lives.append(life)
        acts += _giver(random, index, life)
    kept = [act for act in acts if act.day < DAYS]
    return Plan(lives, sorted(kept))


def _join_days(random: Random) -> list[int]:
    days = []
    for month, count in enumerate(JOINS):
        first, last = round(month * MONTH), round((month + 1) * MONTH)
        days += [random.randrange(first, min(last, DAYS)) for _ in range(count)]
    return sorted(days)


def _life(random: Random, person: Invented, interval: str) -> Life:
    consents = tuple(
        kind
        for kind, share in (("know_me", 0.6), ("on_wall", 0.35), ("credit_me", 0.3))
        if random.random() < share
    )
    return Life(
        person=person,
        currency=random.choice(CURRENCIES),
        interval=interval,
        covers_fee=random.random() < 0.35,
        consents=consents,
        campaign=random.choice(CAMPAIGNS),
        article=random.choice(ARTICLES),
        votes=random.choice((0.15, 0.6, 0.7, 0.85)),
    )


def _patron(random: Random, index: int, life: Life, day: int) -> list[Act]:
    amount = random.choice(PRESETS[life.currency, life.interval])
    acts = [_act(random, day, index, "join", amount)]
    for month in range(1, round((DAYS - day) / MONTH) + 1):
        due = day + round(month * MONTH)
        if due >= DAYS + 3:
            break
        chance = random.random()
        if chance < 0.014:
            return acts + _leaving(random, index, due, amount)
        if life.interval == "year":
            continue
        if chance < 0.042:
            failing, recovers = _failing(random, index, due)
            acts += failing
            if not recovers:
                return acts
        elif chance < 0.058:
            amount += STEP_UP[life.currency]
            acts.append(_act(random, due - 9, index, "raise", amount))
        elif chance < 0.064 and amount > 2 * STEP_UP[life.currency]:
            amount -= STEP_UP[life.currency]
            acts.append(_act(random, due - 9, index, "lower", amount))
    if random.random() < 0.012:
        acts.append(_act(random, day + 3, index, "refund"))
    return acts


def _leaving(random: Random, index: int, due: int, amount: int) -> list[Act]:
    """Stops at the period's end; a few come back months later."""
    acts = [_act(random, due - 6, index, "stop")]
    back = due + random.randrange(60, 150)
    if random.random() < 0.2 and back < DAYS:
        acts.append(_act(random, back, index, "rejoin", amount))
    return acts


def _failing(random: Random, index: int, due: int) -> tuple[list[Act], bool]:
    """The card stops working before a renewal; three in four find another in time."""
    acts = [_act(random, due - 3, index, "fail")]
    recovers = random.random() < 0.75
    if recovers:
        acts.append(_act(random, due + random.choice((2, 4, 7)), index, "mend"))
    return acts, recovers


def _giver(random: Random, index: int, life: Life) -> list[Act]:
    amount = random.choice(PRESETS[life.currency, "once"])
    return [_act(random, random.randrange(DAYS), index, "give", amount)]


def _act(random: Random, day: int, person: int, kind: Kind, amount: int = 0) -> Act:
    return Act(max(day, 0), random.randrange(7 * 60, 22 * 60), person, kind, amount)
