"""The ballot, the result and the files to check it by, as a browser without a script meets them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.membership.models import Gift
from app.topics import enrolling
from app.topics.models import Topic
from app.topics.voting import readable
from tests import factories
from tests.reading import TOKEN, Reader, resent
from tests.topics.scene import Scene

Visit = Callable[[int | None], Reader]
RECEIPT = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
ORDER = re.compile(r'name="choice" value="(\d+)"')
CHECKED = re.compile(r'name="choice" value="(\d+)" checked')


def vote(reader: Reader, round_id: int, choices: Sequence[object]) -> str:
    """Send a ballot from the round's page, and read the page that comes back."""
    page = f"/rounds/{round_id}"
    data = {"choice": [str(choice) for choice in choices]}
    answer = reader.submit(f"{page}/ballot", data, at=page)
    assert answer.status_code == 303, answer.text
    assert answer.location == page
    return reader.get(page).text


def test_a_patron_votes_and_sees_the_receipt_once(scene: Scene, visit: Visit) -> None:
    patron, topics = scene.patron(), scene.topics(3)
    round_id = scene.open_round(topics)
    reader = visit(patron)
    saved = vote(reader, round_id, topics[:2])
    (shown,) = RECEIPT.findall(saved)
    (ballot,) = scene.ballots(round_id)
    assert shown == readable(ballot.receipt)
    assert set(map(int, CHECKED.findall(saved))) == set(topics[:2])
    again = reader.get(f"/rounds/{round_id}").text
    assert not RECEIPT.search(again)
    assert "2 of 3 marked" in again


def test_a_changed_ballot_shows_the_same_receipt_again(scene: Scene, visit: Visit) -> None:
    patron, topics = scene.patron(), scene.topics(3)
    round_id = scene.open_round(topics)
    first = RECEIPT.findall(vote(visit(patron), round_id, topics[:1]))
    second = RECEIPT.findall(vote(visit(patron), round_id, topics[1:]))
    assert first == second


def test_a_double_click_and_a_second_tab_are_one_ballot(scene: Scene, visit: Visit) -> None:
    patron, topics = scene.patron(), scene.topics(2)
    round_id = scene.open_round(topics)
    reader = visit(patron)
    token = TOKEN.search(reader.get(f"/rounds/{round_id}").text)
    assert token
    form = {"csrf_token": token[1], "choice": str(topics[0])}
    answers = [reader.post(f"/rounds/{round_id}/ballot", data=form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    vote(visit(patron), round_id, topics[1:])
    assert len(scene.ballots(round_id)) == 1


def test_whoever_is_not_signed_in_is_asked_to_and_comes_back(scene: Scene, visit: Visit) -> None:
    topics = scene.topics(2)
    round_id = scene.open_round(topics)
    reader = visit(None)
    page = reader.get(f"/rounds/{round_id}")
    assert "Sign in to vote" in page.text
    assert 'name="choice"' not in page.text
    token = TOKEN.search(reader.get("/topics/suggest").text)
    assert token
    form = {"csrf_token": token[1], "choice": str(topics[0])}
    answer = reader.post(f"/rounds/{round_id}/ballot", data=form)
    assert answer.status_code == 403
    assert 'href="/sign-in"' in answer.text
    assert resent(answer) == [("choice", str(topics[0]))]
    assert scene.ballots(round_id) == []


def test_without_a_right_the_page_says_why_and_what_to_do(scene: Scene, visit: Visit) -> None:
    stranger, topics = scene.stranger(), scene.topics(2)
    round_id = scene.open_round(topics)
    reader = visit(stranger)
    page = reader.get(f"/rounds/{round_id}").text
    assert "no payment of yours gives a vote" in page
    assert f"/join?campaign=round-{scene.round(round_id).number}" in page
    token = TOKEN.search(reader.get("/topics/suggest").text)
    assert token
    form = {"csrf_token": token[1], "choice": str(topics[0])}
    answer = reader.post(f"/rounds/{round_id}/ballot", data=form)
    assert answer.status_code == 403
    assert "not on the roll" in answer.text


def test_what_is_no_topic_of_this_ballot_is_refused_and_nothing_is_lost(
    scene: Scene, visit: Visit
) -> None:
    patron, topics = scene.patron(), scene.topics(2)
    round_id = scene.open_round(topics)
    reader = visit(patron)
    vote(reader, round_id, topics[:1])
    page = f"/rounds/{round_id}"
    for choice in ("0", "-1", "x", "٣", str(2**63), "9" * 400, "1\x00", "", "1e3"):
        answer = reader.submit(f"{page}/ballot", {"choice": [str(topics[1]), choice]}, at=page)
        assert answer.status_code == 422, choice
        assert "not on this ballot" in answer.text
    many = {"choice": [str(number) for number in range(5000)]}
    assert reader.submit(f"{page}/ballot", many, at=page).status_code == 422
    assert CHECKED.findall(reader.get(page).text) == [str(topics[0])]


def test_five_thousand_times_the_same_topic_is_one_mark(scene: Scene, visit: Visit) -> None:
    patron, topics = scene.patron(), scene.topics(2)
    round_id = scene.open_round(topics)
    saved = vote(visit(patron), round_id, [topics[0]] * 5000)
    assert CHECKED.findall(saved) == [str(topics[0])]


def test_after_the_end_the_answer_is_kind_and_nothing_changes(scene: Scene, visit: Visit) -> None:
    patron, topics = scene.patron(), scene.topics(2)
    round_id = scene.open_round(topics)
    reader = visit(patron)
    page = f"/rounds/{round_id}"
    token = TOKEN.search(reader.get(page).text)
    assert token
    scene.clock.set(scene.round(round_id).closes_at)
    assert "This round has ended" in reader.get(page).text
    form = {"csrf_token": token[1], "choice": str(topics[0])}
    answer = reader.post(f"{page}/ballot", data=form)
    assert answer.status_code == 409
    assert "This round is closed" in answer.text
    assert scene.ballots(round_id) == []


def test_a_round_that_is_not_there_is_a_page_that_is_not_there(scene: Scene, visit: Visit) -> None:
    reader = visit(None)
    for number in ("0", "99", str(2**63), "9" * 40, "-1", "x"):
        for rest in ("", "/result", "/result.json", "/ballots.csv", "/recount.py"):
            assert reader.get(f"/rounds/{number}{rest}").status_code == 404, number + rest


def test_a_draft_is_nobodys_business(scene: Scene, visit: Visit) -> None:
    round_id = scene.draft(scene.topics(2))
    for rest in ("", "/result", "/result.json", "/ballots.csv", "/recount.py"):
        assert visit(scene.patron()).get(f"/rounds/{round_id}{rest}").status_code == 404


def test_before_closing_there_is_no_result_and_no_list(scene: Scene, visit: Visit) -> None:
    patron, topics = scene.patron(), scene.topics(2)
    round_id = scene.open_round(topics)
    scene.cast(round_id, patron, topics[:1])
    reader = visit(scene.editor)
    assert reader.get(f"/rounds/{round_id}/result").location == f"/rounds/{round_id}"
    for rest in ("/result.json", "/ballots.csv", "/recount.py"):
        answer = reader.get(f"/rounds/{round_id}{rest}")
        assert answer.status_code == 404
        assert "nobody sees a count" in answer.text


def test_what_a_reader_downloads_counts_to_the_published_result(
    scene: Scene, visit: Visit, tmp_path: Path
) -> None:
    patrons, topics = scene.patrons(5), scene.topics(3)
    round_id = scene.open_round(topics)
    reader = visit(patrons[0])
    (receipt,) = RECEIPT.findall(vote(reader, round_id, topics[1:]))
    for patron in patrons[1:]:
        scene.cast(round_id, patron, topics[:2])
    scene.close(round_id)
    for name in ("ballots.csv", "recount.py"):
        download = visit(None).get(f"/rounds/{round_id}/{name}")
        assert download.headers["Content-Disposition"].startswith("attachment")
        (tmp_path / name).write_bytes(download.data)
    command = [sys.executable, "-I", "recount.py", "ballots.csv"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    facts = visit(None).get(f"/rounds/{round_id}/result.json").json
    assert facts is not None
    assert facts["winner"] == f"topic-{topics[1]}"
    assert facts["chain_end"] in done.stdout
    listed = (tmp_path / "ballots.csv").read_text()
    assert f"{receipt.replace('-', '')},0,1,1," in listed


def test_the_result_says_who_turned_out_and_how_it_was_counted(scene: Scene, visit: Visit) -> None:
    patrons, topics = scene.patrons(4), scene.topics(2, title="Brown water in three districts")
    round_id = scene.open_round(topics)
    for patron in patrons[:3]:
        scene.cast(round_id, patron, topics[:1])
    scene.close(round_id)
    page = visit(None).get(f"/rounds/{round_id}/result").text
    assert "Brown water in three districts" in page
    assert "75.0\u00a0%" in page
    assert str(scene.round(round_id).chain_end) in page
    assert "See the result" in visit(patrons[0]).get(f"/rounds/{round_id}").text


def test_the_deadline_stands_with_its_city(scene: Scene, visit: Visit) -> None:
    round_id = scene.open_round(scene.topics(2))
    english = visit(None).get(f"/rounds/{round_id}?lang=en").text
    assert "17\u00a0June, 15:00 (Kyiv)" in english
    assert "15:00" in visit(None).get(f"/rounds/{round_id}?lang=uk").text


def test_each_voter_has_an_order_that_stays_and_strangers_one_a_day(
    scene: Scene, visit: Visit
) -> None:
    patrons, topics = scene.patrons(8), scene.topics(6)
    round_id = scene.open_round(topics)
    page = f"/rounds/{round_id}"

    def order(account_id: int) -> list[str]:
        return ORDER.findall(visit(account_id).get(page).text)

    orders = [order(patron) for patron in patrons]
    assert len({tuple(found) for found in orders}) > 4
    assert [order(patron) for patron in patrons] == orders
    assert all(sorted(map(int, found)) == topics for found in orders)

    def strangers() -> list[int]:
        text = visit(None).get(page).text
        return sorted(range(6), key=lambda n: text.index(f"Topic {first + n}"))

    first = topic_number(scene, topics[0])
    today = strangers()
    assert strangers() == today
    days = []
    for _ in range(4):
        scene.clock.advance(days=1)
        days.append(strangers())
    assert any(day != today for day in days)


def topic_number(scene: Scene, topic_id: int) -> int:
    with scene.db.reading() as session:
        return int(session.get_one(Topic, topic_id).title.split()[1])


def test_the_menu_names_the_running_round(scene: Scene, visit: Visit) -> None:
    assert "Round 1" not in visit(None).get("/topics").text
    round_id = scene.open_round(scene.topics(2))
    page = visit(None).get("/topics").text
    assert f'<a href="/rounds/{round_id}"><span>Round 1</span></a>' in page


def test_whoever_was_refunded_or_waits_reads_what_applies_to_them(
    scene: Scene, visit: Visit
) -> None:
    patron, waiting = scene.patron(), scene.stranger()
    round_id = scene.open_round(scene.topics(2), late_joiners=False)
    page = f"/rounds/{round_id}"
    assert "Its roll was frozen at opening" in visit(waiting).get(page).text
    scene.write(lambda s: enrolling.take_off(s, {patron: "refund"}, scene.now))
    taken_off = visit(patron).get(page).text
    assert "You are off the roll of this round" in taken_off
    assert 'name="choice"' not in taken_off

    def start_paying(session: Session) -> None:
        gift = factories.make_gift(session, now=scene.now, account_id=waiting)
        unpaid = {"state": "pending", "paid_at": None, "standing_until": None}
        session.execute(sa.update(Gift).where(Gift.id == gift).values(unpaid))

    scene.write(start_paying)
    assert "first payment is still on its way" in visit(waiting).get(page).text


def test_a_round_without_votes_and_one_with_a_tie_say_so(scene: Scene, visit: Visit) -> None:
    patron, topics = scene.patron(), scene.topics(2)
    empty = scene.open_round(topics)
    scene.close(empty)
    assert "Nobody voted in this round" in visit(None).get(f"/rounds/{empty}/result").text
    blank = scene.open_round(topics)
    scene.cast(blank, patron, [])
    scene.close(blank)
    assert "Every ballot was blank" in visit(None).get(f"/rounds/{blank}/result").text
    tied = scene.open_round(topics)
    scene.cast(tied, patron, topics)
    scene.close(tied)
    page = visit(None).get(f"/rounds/{tied}/result").text
    assert "Several topics had the same number of marks" in page
