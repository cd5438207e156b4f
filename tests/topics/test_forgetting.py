"""What a person gets of their data, and what is left when they are erased."""

from __future__ import annotations

import json

import sqlalchemy as sa

from app.accounts import erasing, exporting
from app.accounts.models import Account
from app.core.clock import wall_clock
from app.topics import forgetting, proposing
from app.topics.models import RollEntry, Topic, TopicFollow
from tests.topics.scene import Scene


def take_part(scene: Scene) -> tuple[int, list[int]]:
    """A person who suggested a topic, voted and asked to be written to."""
    patron, topics = scene.patron(), scene.topics(2)
    round_id = scene.open_round(topics)
    scene.cast(round_id, patron, topics[:1], wants_mail=True)
    with scene.db.transaction() as session:
        email = session.get_one(Account, patron).email
        for key, account, address in (("a", patron, None), ("b", None, (email or "").upper())):
            proposing.propose(
                session, title=f"Suggestion {key}", text="Why.", language="en", form_key=key,
                now=scene.now, account_id=account, email=address, name="Viktor S.",
            )  # fmt: skip
    return patron, topics


def test_the_room_gives_and_forgets_with_the_others() -> None:
    assert exporting.on_export["voting"] is forgetting.give
    assert forgetting.forget in erasing.on_erase


def test_an_export_has_what_a_person_did_but_no_ballot(scene: Scene) -> None:
    patron, topics = take_part(scene)
    with scene.db.reading() as session:
        given = exporting.export(session, account_id=patron, wall=wall_clock())["voting"]
        followed = session.get_one(Topic, topics[0]).title
    (taken,) = given["rounds"]
    assert (taken["round"], taken["took_part"], taken["taken_off_at"]) == (1, True, None)
    assert [follow["topic"] for follow in given["follows"]] == [followed]
    assert [own["title"] for own in given["suggestions"]] == ["Suggestion a", "Suggestion b"]
    assert "mark" not in json.dumps(given)


def test_the_erased_leave_no_name_and_no_wish_and_their_vote_stays(scene: Scene) -> None:
    patron, _ = take_part(scene)
    with scene.db.transaction() as session:
        erasing.erase(session, account_id=patron, actor_id=None, now=scene.now)
    with scene.db.reading() as session:
        suggested = sa.select(Topic).where(Topic.form_key.in_(["a", "b"]))
        kept = [(t.proposer_name, t.proposer_email) for t in session.scalars(suggested)]
    assert kept == [(None, None), (None, None)]
    assert scene.count(TopicFollow) == 0
    assert scene.count(RollEntry, RollEntry.voted) == 1
