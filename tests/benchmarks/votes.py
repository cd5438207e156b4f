"""Ballots of signed-in members over HTTP; one in ten changes their mind."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from app.core.db import Database
from app.topics.models import Ballot, BallotMark, RollEntry, RoundOption
from tests.benchmarks.loading import Failed, send
from tests.benchmarks.measuring import Figure, Side, figure, in_turns, served
from tests.benchmarks.members import Browser, Members, browsers, gather
from tests.benchmarks.places import Place, Serving, serving
from tests.benchmarks.requesting import post_form

SIZE = 900  # members
CONNECTIONS = 8
MARKS = 3
AGAIN = 10  # each tenth member
TARGET = 0.5
Ballots = Mapping[int, frozenset[int]]  # topics by account
Choices = Mapping[int, Sequence[frozenset[int]]]  # by account, one after the other


def run(place: Place, *, size: int = SIZE, rounds: int = 5, workers: int = 2) -> list[Figure]:
    """Let everyone vote; raises Failed where a ballot is missing, double or another's."""
    url = place.newsroom("votes")
    members = gather(url, size)
    signed_in = browsers(place, url, members.tokens)
    own = dict(zip(members.accounts, signed_in, strict=True))
    copy = place.copy("votes", "votes_floor")
    choices = _choices(members)
    shares = [members.accounts[number :: rounds + 1] for number in range(rounds + 1)]

    def load(server: Serving, number: int, *, signed: bool) -> Side:
        wanted: list[list[bytes]] = [[] for _ in range(CONNECTIONS)]
        for place_, account in enumerate(shares[number]):  # one's ballots stay in their order
            for marked in choices[account]:
                browser = own[account] if signed else None
                wanted[place_ % CONNECTIONS].append(_ballot(members, account, marked, browser))
        return served(server, lambda: send(server.port, wanted, status=303))

    with (
        serving(place, "wsgi:app", place.environ(url), workers=workers) as above,
        serving(place, "tests.benchmarks.floor:app", place.environ(copy), workers=workers) as below,
    ):
        pairs = in_turns(
            lambda number: load(above, number, signed=True),
            lambda number: load(below, number, signed=False),
            rounds=rounds,
        )
    wanted = {account: cast[-1] for account, cast in choices.items()}
    for side, where in (("product", url), ("floor", copy)):
        check(where, side=side, wanted=wanted)
    return [
        figure(pairs, benchmark="votes", work="ballots", engine=place.engine, size=size,
               connections=CONNECTIONS, target=TARGET)
    ]  # fmt: skip


def check(url: str, *, side: str, wanted: Ballots) -> None:
    """Everyone has one ballot with what they marked last, and is noted on the roll."""
    found, voted = kept(url)
    if voted != sorted(wanted):
        raise Failed(f"votes, {side}: {len(wanted)} voted, and {len(voted)} are noted")
    wrong = [account for account in {*wanted, *found} if found.get(account) != wanted.get(account)]
    if wrong:
        raise Failed(f"votes, {side}: the ballots of {len(wrong)} people are not what they marked")


def kept(url: str) -> tuple[Ballots, list[int]]:
    """What is marked on whose ballot, and who is noted on the roll."""
    db = Database(url)
    with db.reading() as session:
        rows = session.execute(
            sa.select(Ballot.account_id, RoundOption.topic_id)
            .outerjoin(BallotMark, BallotMark.ballot_id == Ballot.id)
            .outerjoin(RoundOption, RoundOption.id == BallotMark.option_id)
        ).all()
        noted = sa.select(RollEntry.account_id).where(RollEntry.voted)
        voted = list(session.scalars(noted.order_by(RollEntry.account_id)))
    db.dispose()
    marks: dict[int, set[int]] = defaultdict(set)
    for account, topic in rows:
        marks[account or 0].add(topic or 0)
    return {account: frozenset(topics) for account, topics in marks.items()}, voted


def _choices(members: Members) -> Choices:
    chance = random.Random(1)
    return {
        account: [
            frozenset(chance.sample(list(members.topics), MARKS))
            for _ in range(2 if number % AGAIN == 0 else 1)
        ]
        for number, account in enumerate(members.accounts)
    }


def _ballot(
    members: Members, account: int, marked: frozenset[int], browser: Browser | None
) -> bytes:
    path = f"/rounds/{members.round_id}/ballot"
    fields = [("choice", str(topic)) for topic in sorted(marked)]
    if browser is None:
        return post_form(path, [*fields, ("account", str(account))])
    return post_form(path, [*fields, ("csrf_token", browser.csrf_token)], cookie=browser.cookie)
