"""A small newsroom made through its own doors: patrons, a closed round, and one that runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlsplit

import sqlalchemy as sa

from app.accounts import staffing
from app.newsroom import changing
from app.newsroom import queries as newsroom
from app.topics.forms import local
from app.topics.models import Round, Topic
from tests.journeys.site import Site, until
from tests.journeys.walker import Walker

STAFF = ("admin", "editor", "finance", "viewer")
QUESTION = {"en": "What should we look into next?", "uk": "Що нам дослідити далі?"}
TOPICS = (
    ("Who pays for the new bridge", "Хто платить за новий міст"),
    ("Where the school meals come from", "Звідки беруться шкільні обіди"),
    ("What the river carries to the sea", "Що річка несе до моря"),
    ("How long an ambulance takes", "Скільки їде швидка"),
)
# What must not break a page: a title of one word, a name and an amount as long as they may be.
LONG_TITLE = ("Дванадцятиповерхівка" * 6, "Дванадцятиповерхівка" * 6)
LONG_NAME = "Konstancja-Maria Brzęczyszczykiewiczowna"
ANN, BOHDAN, CLAIRE, DMYTRO = (
    f"{name}@example.org" for name in ("ann", "bohdan", "claire", "dmytro")
)


@dataclass(frozen=True)
class Newsroom:
    """A site and the numbers of what stands in it."""

    site: Site
    topics: list[int]
    closed: int
    running: int
    checkouts: dict[str, str]


def founded(site: Site) -> Walker:
    """A newsroom with a name, a goal, staff and topics; gives its editor, signed in."""
    with site.house.db.transaction() as session:
        accounts = {
            role: staffing.add_staff(
                session, email=f"{role}@demo.example", role=role, language="en", now=site.now
            ).account_id
            for role in STAFF
        }
        name = {"name": "The Dnipro Ledger", "reply_to": "desk@demo.example"}
        changing.change(session, name, actor_id=accounts["admin"], now=site.now)
        terms = replace(changing.terms(session, "EUR"), goal=1500)
        changing.offer(
            session, currency="EUR", terms=terms, actor_id=accounts["admin"], now=site.now
        )
    editor = Walker(site)
    editor.sign_in_staff("editor@demo.example")
    for english, ukrainian in TOPICS:
        suggest(editor, english, ukrainian)
    return editor


def suggest(editor: Walker, english: str, ukrainian: str) -> None:
    """Put a topic on the list, in both languages."""
    at = "/admin/topics/new"
    where = editor.send(at, at, title=english, text="People keep asking us about it.")
    topic = urlsplit(where.headers["Location"]).path
    if topic == "/admin/topics":
        topic = f"/admin/topics/{_newest(editor.site, Topic)}"
    words = {"title_en": english, "text_en": "People keep asking us about it."}
    words |= {"title_uk": ukrainian, "text_uk": "Про це нас питають щотижня."}
    editor.send(topic, f"{topic}/words", **words)


def with_a_past(site: Site) -> Newsroom:
    """Four patrons, a round that closed with a winner, and one that runs for eight days."""
    editor = founded(site)
    topics = _ids(site, Topic)
    checkouts = {
        ANN: Walker(site).join(ANN, "?amount=3&interval=month&campaign=bridge", name="Ann Able",
                               know_me="1", on_wall="1"),
        BOHDAN: Walker(site, language="uk").join(BOHDAN, "?amount=5&cover_fees=1"),
        CLAIRE: Walker(site).join(CLAIRE, "?amount=60&interval=year", know_me="1"),
    }  # fmt: skip
    closed = open_round(editor, topics[:3], days=4)
    for email, choice in ((ANN, topics[:2]), (BOHDAN, topics[:1]), (CLAIRE, topics[2:3])):
        vote(site, email, closed, choice)
    checkouts[DMYTRO] = Walker(site).join(
        DMYTRO, "?amount=40000&interval=once&currency=UAH", name=LONG_NAME, on_wall="1"
    )
    site.pass_time(days=4, hours=1)
    until(lambda: state_of(site, closed) == "closed")
    running = open_round(editor, topics[1:], days=8)
    vote(site, ANN, running, topics[1:2])
    suggest(editor, *LONG_TITLE)
    return Newsroom(site, topics, closed, running, checkouts)


def open_round(editor: Walker, topics: list[int], *, days: int) -> int:
    """Plan a round and open it; gives its id."""
    site = editor.site
    at, zone = "/admin/rounds/new", _zone(site)
    opens = site.now
    planned = editor.send(
        at, at, question_en=QUESTION["en"], question_uk=QUESTION["uk"], topics=topics,
        opens_at=local(opens, zone), closes_at=local(opens + timedelta(days=days), zone),
        late_joiners="1",
    )  # fmt: skip
    draft = urlsplit(planned.headers["Location"]).path
    editor.send(draft, f"{draft}/open")
    return int(draft.rsplit("/", 1)[1])


def vote(site: Site, email: str, round_id: int, choice: list[int]) -> None:
    """Sign in as this patron and cast a ballot."""
    voter = Walker(site)
    voter.sign_in(email)
    voter.send(f"/rounds/{round_id}", f"/rounds/{round_id}/ballot", choice=choice)


def state_of(site: Site, round_id: int) -> str:
    """How far a round is: draft, open, closed."""
    with site.house.db.reading() as session:
        return session.get_one(Round, round_id).state


def _zone(site: Site) -> str:
    with site.house.db.reading() as session:
        return newsroom.current(session).timezone


def _ids(site: Site, table: type[Topic]) -> list[int]:
    with site.house.db.reading() as session:
        return list(session.scalars(sa.select(table.id).order_by(table.id)))


def _newest(site: Site, table: type[Topic]) -> int:
    return _ids(site, table)[-1]
