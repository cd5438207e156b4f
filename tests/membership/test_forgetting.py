"""Who is erased is nowhere any more: every table is read for their address and name."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
import time_machine

from app.accounts import erasing, people
from app.core import jobs, limits
from app.core.clock import wall_clock
from app.core.db import Base
from app.core.limits import LimitWindow
from app.topics import opening, planning
from tests import factories
from tests.membership.counter import ANN, Counter

NAME = "Ann Able"


def live_a_full_life(counter: Counter) -> None:
    """Everything that a reader can do with an address, each once."""
    round_id = open_round(counter)
    stranger = counter.reader()
    suggest(counter, title="Who cleans?", email=ANN)
    counter.begin(amount="9")
    counter.become_patron(amount="5", know_me="1", wall="1")
    stranger.submit("/stop", {"email": ANN.upper()})
    stranger.submit("/sign-in", {"email": ANN})
    counter.settle()
    stranger.submit("/sign-in/code", {"code": "000000"})
    reader = counter.signed_in()
    suggest(counter, title="Who counts?")
    page = f"/rounds/{round_id}"
    assert reader.submit(f"{page}/ballot", {"follow": "1"}, at=page).status_code == 303
    reader.submit("/account/change", {"amount": "8"}, at="/account")
    reader.submit("/account/stop")
    counter.settle()
    stranger.submit("/stop", {"email": ANN})  # still waits when they are erased


def open_round(counter: Counter) -> int:
    now = counter.clock()
    with counter.db.transaction() as session:
        editor = factories.make_staff(session, now=now, role="editor")
        topics = [factories.make_topic(session, now=now) for _ in range(2)]
        plan = planning.Plan(
            question={"en": "What next?", "uk": "Що далі?"},
            opens_at=now,
            closes_at=now + timedelta(days=7),
            late_joiners=True,
            topics=topics,
        )
        round_id = planning.plan(session, plan, actor_id=editor, now=now)
        opening.open_now(session, round_id=round_id, actor_id=editor, now=now)
    return round_id


def suggest(counter: Counter, *, title: str, email: str = "") -> None:
    reader = counter.reader() if email else counter.signed_in()
    form = {"title": title, "text": "It matters.", "email": email, "sure": "1", "form_key": title}
    assert reader.submit("/topics/suggest", form).status_code == 303


def told(counter: Counter, *words: str) -> list[str]:
    """Where one of these words stands: every column of every table is read."""
    found = []
    with counter.db.reading() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(sa.select(table)).mappings():
                found += [
                    f"{table.name}.{column}"
                    for column, value in row.items()
                    if any(word.casefold() in str(value).casefold() for word in words)
                ]
    return sorted(set(found))


def test_a_day_after_somebody_was_erased_no_table_has_their_address_or_name(
    counter: Counter,
) -> None:
    live_a_full_life(counter)
    before = told(counter, ANN, NAME)
    assert {"account.email", "sign_up.email", "stripe_event.body", "topic.proposer_email"} < set(
        before
    )

    with counter.db.transaction() as session:
        ann = people.by_email(session, ANN)
        assert ann is not None
        erasing.erase(session, account_id=ann.id, actor_id=None, now=counter.clock())
    counter.settle()
    counter.clock.advance(hours=25)
    counter.settle()
    assert told(counter, ANN, NAME) == []

    counter.pass_days(1)  # with the nightly comparison, which hears of old payments again
    assert told(counter, ANN, NAME) == []


def test_who_waits_for_a_link_and_who_is_limited_stand_in_no_table_in_clear(
    counter: Counter,
) -> None:
    for email in ("nobody@example.org", "another@example.org"):
        counter.reader().submit("/stop", {"email": email})
        counter.reader().submit("/sign-in", {"email": email})
        suggest(counter, title="Who cleans?", email=email)

    assert told(counter, "nobody@example.org", "another@example.org") == ["topic.proposer_email"]


def test_a_window_that_is_over_is_gone_a_day_later(counter: Counter) -> None:
    counter.reader().submit("/stop", {"email": ANN})
    assert counter.count(LimitWindow) > 0

    with time_machine.travel(wall_clock() + timedelta(minutes=4)):
        limits.purge(counter.work, {})
        assert counter.count(LimitWindow) > 0
    with time_machine.travel(wall_clock() + timedelta(days=2)):
        counter.clock.advance(days=2)
        jobs.schedule_periodic(counter.db, now=counter.clock())
        jobs.run_due(counter.work)
        assert counter.count(LimitWindow) == 0
