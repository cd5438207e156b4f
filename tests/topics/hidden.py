"""Hidden until close, in its strong form: other marks on the same ballots change no output.

    before = walk(app, visitors, values=...)
    change_marks(db, round_id, but_for=[...])
    assert differences(before, walk(app, visitors, values=...)) == {}

``walk`` opens every address of the route map that answers GET, as each visitor, and keeps status,
headers and body. Only what is random by design is masked: nonces, form tokens, request ids. So a
count, a leader, an order, a length or a header that depends on the marks shows as a difference,
wherever it stands, and so does a new page that nobody thought of. Pages that print the machine's
own time (when a browser was last seen) need that time held still by the caller.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING

import sqlalchemy as sa
from werkzeug.routing import BuildError, Rule
from werkzeug.test import TestResponse

from app.core.db import Database
from app.topics.models import Ballot, BallotMark, RoundOption
from tests.reading import Reader

if TYPE_CHECKING:
    from flask import Flask

# What changes from one request to the next, marks or no marks.
RANDOM = re.compile(
    r"'nonce-[^']+'"
    r'|nonce="[^"]+"'
    r'|name="csrf_token"[^>]*value="[^"]+"'
    r'|name="(?:form_key|key)"[^>]*value="[^"]+"'
    r"|(?:session|lang)=[^;]+(?:; Expires=[^;]+)?"
)
Seen = dict[tuple[str, str], tuple[object, ...]]


class UnknownValue(AssertionError):
    """A route has a part in its address that the caller gave no values for."""


def walk(
    app: Flask,
    visitors: Mapping[str, Reader],
    *,
    values: Mapping[str, Sequence[object]],
    only: str = "",
    queries: Collection[str] = ("",),
) -> Seen:
    """Open every GET address as every visitor; gives what each of them saw.

    ``values`` has, for each part that addresses have (``round_id``, or for one endpoint alone
    ``reporting.people:figure``), what to put there; ``only`` keeps the endpoints that begin with
    it. Raises UnknownValue, so that no route is left out.
    """
    return {
        (name, address + query): outcome(_get(reader, address + query))
        for address in addresses(app, values, only)
        for name, reader in visitors.items()
        for query in queries
    }


def addresses(app: Flask, values: Mapping[str, Sequence[object]], only: str = "") -> list[str]:
    """Every address that answers GET, its parts filled with every value they may have."""
    rules = [
        rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and rule.endpoint.startswith(only)
    ]
    return sorted({address for rule in rules for address in _filled(app, rule, values)})


def outcome(response: TestResponse) -> tuple[object, ...]:
    """All that a visitor can observe of an answer, but for what is random by design."""
    is_page = response.mimetype == "text/html"
    # The length of a page is in its body, which is compared with what is random masked.
    passed_over = {"Date", "Content-Length"} if is_page else {"Date"}
    headers = sorted(
        (name, RANDOM.sub("*", value))
        for name, value in response.headers
        if name not in passed_over
    )
    body = response.get_data()
    response.close()
    text = RANDOM.sub("*", body.decode("utf-8", "surrogateescape")) if is_page else body
    return response.status_code, tuple(headers), text


def change_marks(db: Database, round_id: int, *, but_for: Collection[int] = ()) -> None:
    """Mark other topics on every ballot of a round: what was marked is not, and the reverse.

    As many ballots, as many of them blank; ballots of the accounts in ``but_for`` stay.
    """
    others = sa.or_(Ballot.account_id.is_(None), Ballot.account_id.not_in(but_for))
    ballots = sa.select(Ballot.id).where(Ballot.round_id == round_id, others)
    options = sa.select(RoundOption.id).where(RoundOption.round_id == round_id)
    with db.transaction() as session:
        everything = set(session.scalars(options))
        for ballot_id in list(session.scalars(ballots)):
            marks = sa.select(BallotMark.option_id).where(BallotMark.ballot_id == ballot_id)
            held = set(session.scalars(marks))
            new = everything - held if held and held != everything else held
            session.execute(sa.delete(BallotMark).where(BallotMark.ballot_id == ballot_id))
            rows = [
                {"ballot_id": ballot_id, "option_id": option, "round_id": round_id}
                for option in sorted(new)
            ]
            if rows:
                session.execute(sa.insert(BallotMark), rows)


def tally(db: Database, round_id: int) -> dict[int, int]:
    """The marks as they are now, for a test to see that they did change."""
    counted = (
        sa.select(BallotMark.option_id, sa.func.count())
        .where(BallotMark.round_id == round_id)
        .group_by(BallotMark.option_id)
    )
    with db.reading() as session:
        return {row[0]: row[1] for row in session.execute(counted)}


def differences(before: Seen, after: Seen) -> dict[tuple[str, str], str]:
    """Where the two walks differ, and the first place where they do."""
    assert before.keys() == after.keys()
    return {
        place: _first_difference(before[place], after[place])
        for place in before
        if before[place] != after[place]
    }


def _get(reader: Reader, address: str) -> TestResponse:
    """Open an address with the cookies the visitor came with, whatever was opened before."""
    kept = dict(reader._cookies or {})
    response = reader.get(address)
    if reader._cookies is not None:
        reader._cookies.clear()
        reader._cookies.update(kept)
    return response


def _filled(app: Flask, rule: Rule, values: Mapping[str, Sequence[object]]) -> Iterator[str]:
    names = sorted(rule.arguments)
    known = [values.get(f"{rule.endpoint}:{name}", values.get(name)) for name in names]
    missing = [name for name, found in zip(names, known, strict=True) if found is None]
    if missing:
        raise UnknownValue(f"{rule.rule} ({rule.endpoint}) has {missing}: give values for it")
    adapter = app.url_map.bind("localhost")
    for chosen in product(*(found or () for found in known)):
        filled = dict(zip(names, chosen, strict=True))
        try:
            yield adapter.build(rule.endpoint, filled, method="GET")
        except (BuildError, ValueError) as error:
            raise UnknownValue(f"{rule.rule} cannot be built with {filled}") from error


def _first_difference(one: tuple[object, ...], other: tuple[object, ...]) -> str:
    for part, against in zip(one, other, strict=True):
        if part != against:
            a, b = str(part), str(against)
            at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))  # noqa: B905
            return f"…{a[max(0, at - 60) : at + 60]}… became …{b[max(0, at - 60) : at + 60]}…"
    return ""
