"""The public list and its script: whoever has both can count again, and sees any change."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.topics import publishing
from app.topics.queries import published
from tests.topics.scene import Scene

TOPICS = [4, 9, 2]
RECEIPTS = st.text(alphabet="ABC0123", min_size=1, max_size=5)
BALLOTS = st.dictionaries(RECEIPTS, st.frozensets(st.sampled_from(TOPICS)), max_size=20)


def closed_round(scene: Scene, people: int = 9) -> tuple[int, list[str]]:
    patrons, topics = scene.patrons(people), scene.topics(3, title='“Quotes” \\ and "quotes"')
    round_id = scene.open_round(topics)
    receipts = [
        scene.cast(round_id, patron, topics[number % 3 : number % 4]).receipt
        for number, patron in enumerate(patrons)
    ]
    scene.close(round_id)
    return round_id, receipts


def download(scene: Scene, round_id: int, folder: Path) -> tuple[Path, Path]:
    """The list and the script, as a reader saves them."""
    with scene.db.reading() as session:
        text = "".join(publishing.csv(session, round_id))
        facts = published(session, round_id)
    assert facts is not None
    ballots, script = folder / "ballots.csv", folder / "recount.py"
    ballots.write_text(text, "utf-8")
    script.write_text(publishing.recount_script(facts), "utf-8")
    return ballots, script


def run(script: Path, *arguments: Path) -> tuple[int, str]:
    command = [sys.executable, "-I", str(script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_script_gives_the_published_result(scene: Scene, tmp_path: Path) -> None:
    round_id, _ = closed_round(scene)
    ballots, script = download(scene, round_id, tmp_path)
    code, said = run(script, ballots)
    assert code == 0, said
    assert "gives the published result" in said
    assert str(scene.round(round_id).chain_end) in said


@pytest.mark.parametrize(
    ("old", "new"), [(",1,", ",0,"), (",0,", ",1,"), ("\n", "\nZZZZ,1,1,1,00\n"), ("topic", "t")]
)
def test_a_changed_list_is_noticed(scene: Scene, tmp_path: Path, old: str, new: str) -> None:
    round_id, _ = closed_round(scene)
    ballots, script = download(scene, round_id, tmp_path)
    ballots.write_text(ballots.read_text().replace(old, new, 1))
    code, said = run(script, ballots)
    assert code == 1, said
    assert "WRONG" in said


def test_a_line_that_was_taken_out_is_noticed(scene: Scene, tmp_path: Path) -> None:
    round_id, _ = closed_round(scene)
    ballots, script = download(scene, round_id, tmp_path)
    lines = ballots.read_text().splitlines(keepends=True)
    for left in (lines[:-1], lines[:3] + lines[4:]):
        ballots.write_text("".join(left))
        assert run(script, ballots)[0] == 1


def test_without_a_list_the_script_says_how_it_is_used(scene: Scene, tmp_path: Path) -> None:
    round_id, _ = closed_round(scene, people=1)
    _, script = download(scene, round_id, tmp_path)
    code, said = run(script)
    assert code == 1
    assert "python3 recount.py ballots.csv" in said


def test_every_receipt_finds_its_ballot_in_the_list(scene: Scene, tmp_path: Path) -> None:
    round_id, receipts = closed_round(scene)
    ballots, _ = download(scene, round_id, tmp_path)
    listed = [line.split(",")[0] for line in ballots.read_text().splitlines()[1:]]
    assert listed == sorted(receipts)


def test_a_round_without_ballots_is_published_too(scene: Scene, tmp_path: Path) -> None:
    round_id, _ = closed_round(scene, people=0)
    code, said = run(download(scene, round_id, tmp_path)[1], tmp_path / "ballots.csv")
    assert code == 0, said
    assert "chosen: nothing" in said


@given(BALLOTS)
def test_a_chain_is_the_same_for_the_same_list_and_no_other(
    ballots: dict[str, frozenset[int]],
) -> None:
    listed = sorted(ballots.items())
    end = publishing.chain_end(listed, TOPICS)
    assert publishing.chain_end(iter(listed), TOPICS) == end
    assert publishing.chain_end(listed, TOPICS[::-1]) != end
    if listed:
        receipt, marked = listed[-1]
        changed = [*listed[:-1], (receipt, marked ^ {TOPICS[0]})]
        assert publishing.chain_end(changed, TOPICS) != end
        assert publishing.chain_end(listed[:-1], TOPICS) != end
