"""The front page tells honest numbers, and the running round without a count."""

from __future__ import annotations

import re

import sqlalchemy as sa

from app.membership.models import Pledge
from app.newsroom import writing
from app.newsroom.models import CurrencyOffer
from tests.membership.counter import ANN, Counter
from tests.membership.paper import fields
from tests.statements import statements
from tests.topics.scene import Scene

MOST = {"/": 10, "/join": 7, "/supporters": 5, "/terms": 4}


def flat(html: str) -> str:
    """The page with plain spaces, on one line."""
    return re.sub(r"\s+", " ", html.replace("\u00a0", " "))


def test_an_empty_newsroom_asks_and_promises_nothing(counter: Counter) -> None:
    page = flat(counter.reader().get("/").text)

    assert "One coffee a month. One vote on what we report next." in page
    assert "Paid for by its readers." in page
    assert "What patrons give each month" not in page
    assert "Become a patron from 3 € a month" in page
    assert "Between two rounds" in page


def test_the_numbers_are_live_and_whole(counter: Counter) -> None:
    counter.become_patron(amount="5", cover_fees="1")
    counter.become_patron(email="bo@example.org", amount="60", interval="year")
    counter.become_patron(email="cy@example.org", amount="100", interval="once")
    counter.become_patron(email="di@example.org", amount="200", currency="UAH")

    with counter.db.transaction() as session:
        session.execute(sa.update(CurrencyOffer).values(goal=310_000))

    page = flat(counter.reader().get("/").text)

    assert "Paid for by 3 readers." in page
    assert "10 € <small>of 3,100 €" in page
    assert 'aria-label="10 € of 3,100 € a month"' in page


def test_without_a_goal_there_are_no_cups(counter: Counter) -> None:
    counter.become_patron(amount="5")

    page = counter.reader().get("/").text

    assert "What patrons give each month" in page
    assert 'class="cups"' not in page
    assert "what our reporters cost" not in page


def test_the_round_that_runs_stands_on_every_page_around_paying(counter: Counter) -> None:
    account_id = counter.become_patron(amount="5")
    scene = Scene(counter.db, counter.clock)
    topics = scene.topics(3, title="Brown water in three districts")
    round_id = scene.open_round(topics)
    patron = counter.signed_in()

    assert "You have not voted yet." in patron.get("/account").text
    scene.cast(round_id, account_id, topics[:1])

    front = flat(counter.reader().get("/").text)
    assert "Round 1, open now" in front
    assert "1 of 1 patrons have voted. Counts stay hidden until then." in front
    for path in ("/", "/join"):
        assert "Brown water in three districts" in counter.reader().get(path).text
    assert "You have voted, and can change your ballot until" in patron.get("/account").text
    assert "Round 1 closes on" in patron.get("/account/stop").text


def test_who_joins_while_a_round_runs_is_sent_the_ballot(counter: Counter) -> None:
    scene = Scene(counter.db, counter.clock)
    round_id = scene.open_round(scene.topics(2))

    checkout = counter.begin()
    counter.sandbox.pay(checkout, "4242424242424242", name="Ann")
    thanks = counter.reader().get(f"/join/thanks?session_id={checkout}").text
    counter.settle()

    assert "Your first vote is open" in thanks
    assert f"/rounds/{round_id}" in thanks
    (mail,) = counter.mails("welcome")
    assert f"http://localhost/rounds/{round_id}" in mail.text
    assert f"http://localhost/rounds/{round_id}" in mail.html


def test_texts_stand_in_the_readers_language_or_else_in_the_other(counter: Counter) -> None:
    with counter.db.transaction() as session:
        writing.write(
            session, key="imprint", language="uk", body="Редакція, Дніпро", now=counter.clock()
        )
        session.execute(
            sa.text("DELETE FROM newsroom_text WHERE key = 'imprint' AND language = 'en'")
        )
    reader = counter.reader()

    assert "Редакція, Дніпро" in reader.get("/imprint").text
    for path, words in (
        ("/terms", "What you agree to"), ("/privacy", "What we keep"),
        ("/ways-to-support", "Bank transfer"),
    ):  # fmt: skip
        assert words in reader.get(path).text
        assert "<h2>" in reader.get(f"{path}?lang=uk").text
        reader.get("/?lang=en")


def test_the_wall_shows_names_of_those_who_give_and_allowed_it_and_no_amount(
    counter: Counter,
) -> None:
    counter.become_patron(email="wall@example.org", amount="7", on_wall="1")
    counter.become_patron(email="known@example.org", know_me="1")
    counter.signed_in("wall@example.org").submit(
        "/account/consents", {"name": "Halyna Petrenko", "on_wall": "1"}
    )
    counter.signed_in("known@example.org").submit(
        "/account/consents", {"name": "Viktor Shy", "know_me": "1"}
    )

    page = counter.reader().get("/supporters").text

    assert "Halyna Petrenko" in page
    assert "Viktor Shy" not in page
    assert "€" not in page.split("<main")[1]


def test_a_name_leaves_the_wall_with_the_consent_and_with_the_pledge(counter: Counter) -> None:
    counter.become_patron(on_wall="1")
    counter.signed_in().submit("/account/consents", {"name": "Halyna", "on_wall": "1"})
    assert "Halyna" in counter.reader().get("/supporters").text

    counter.signed_in().submit("/account/consents", {"name": "Halyna"})
    assert "Halyna" not in counter.reader().get("/supporters").text

    counter.signed_in().submit("/account/consents", {"name": "Halyna", "on_wall": "1"})
    with counter.db.transaction() as session:
        session.execute(sa.update(Pledge).values(state="ended", ended_at=counter.clock()))
    assert "Halyna" not in counter.reader().get("/supporters").text


def test_the_questions_to_the_database_do_not_grow_with_rows(counter: Counter) -> None:
    scene = Scene(counter.db, counter.clock)
    scene.open_round(scene.topics(2))
    counter.become_patron()
    few = {path: asked(counter, path) for path in MOST}
    scene.patrons(30)
    for number in range(3):
        counter.become_patron(email=f"reader{number}@example.org", on_wall="1")

    assert {path: asked(counter, path) for path in MOST} == few
    assert {path: count for path, count in few.items() if count > MOST[path]} == {}


def asked(counter: Counter, path: str) -> int:
    """How many questions a page asks; the cookie makes it one that is not kept."""
    reader = counter.reader()
    with reader.session_transaction() as cookie:
        cookie["csrf_token"] = "mine"
    with statements(counter.db) as seen:
        assert reader.get(path).status_code == 200
    return len(seen)


def test_every_public_page_ends_with_the_ways_to_stop_and_the_law(counter: Counter) -> None:
    page = counter.reader().get("/").text

    for path in ("/ways-to-support", "/stop", "/supporters", "/terms", "/privacy", "/imprint"):
        assert f'href="{path}"' in page
    assert fields(counter.reader().get("/stop").text, "/stop")["email"] == ""
    assert ANN not in page
