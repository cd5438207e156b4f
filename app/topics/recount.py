"""Count the ballots of a round again, and check that the list is the one that was published.

    python3 recount.py ballots.csv

Needs Python 3.10 or newer and nothing else. Each line of the list is one ballot: a receipt code
that only its voter knows, a 1 for each topic that was marked, and the link of a chain. A link is
the SHA-256 of the link before, a line feed and the line without its link; the first one is that
of the head line. Approval: each mark counts as one. The topic with most marks wins; among equals
the one further left, which was suggested first.
"""

from __future__ import annotations

import hashlib
import json
import sys

# The result as the newsroom published it, in JSON; empty in the source of the product.
PUBLISHED = ""


def main(path: str) -> int:
    """Print the count; 0 where the list is whole and agrees with what was published."""
    with open(path, encoding="utf-8") as file:
        head, *ballots = file.read().splitlines()
    end, faults = follow(head, ballots)
    marks, blank = count(head.split(",")[1:-1], ballots)
    found = {
        "ballots": len(ballots),
        "blank": blank,
        "marks": marks,
        "winner": winner(marks),
        "chain_end": end,
    }
    published = json.loads(PUBLISHED) if PUBLISHED else {}
    show(found, marks, published.get("titles", {}))
    for name, value in found.items():
        if published and published.get(name) != value:
            faults.append(f"{name} was published as {published.get(name)}")
    for fault in faults:
        say(f"WRONG: {fault}")
    if not faults:
        say("The list is whole" + (" and gives the published result." if published else "."))
    return 1 if faults else 0


def follow(head: str, ballots: list[str]) -> tuple[str, list[str]]:
    """The end of the chain, and where it breaks."""
    faults: list[str] = []
    link, before = sha256(head), ""
    for number, ballot in enumerate(ballots, 2):
        body, _, stated = ballot.rpartition(",")
        link = sha256(f"{link}\n{body}")
        receipt = body.split(",")[0]
        if link != stated:
            return link, [*faults, f"line {number} does not follow from the one before"]
        if receipt <= before:
            faults.append(f"line {number} has a receipt twice or out of order")
        before = receipt
    return link, faults


def count(topics: list[str], ballots: list[str]) -> tuple[dict[str, int], int]:
    """The marks of each topic, and how many ballots have none."""
    marks, blank = dict.fromkeys(topics, 0), 0
    for ballot in ballots:
        ticks = ballot.split(",")[1:-1]
        blank += "1" not in ticks
        for topic, tick in zip(topics, ticks, strict=True):
            marks[topic] += tick == "1"
    return marks, blank


def winner(marks: dict[str, int]) -> str:
    """The topic with most marks, the first of equals; "" where there are no marks."""
    most = max(marks.values(), default=0)
    return next((topic for topic, times in marks.items() if times == most > 0), "")


def show(found: dict[str, object], marks: dict[str, int], titles: dict[str, str]) -> None:
    for topic, times in sorted(marks.items(), key=lambda pair: -pair[1]):
        say(f"{times:6}  {titles.get(topic, topic)}")
    say(f"{found['ballots']:6}  ballots, {found['blank']} of them blank")
    chosen = str(found["winner"])
    say(f"chosen: {titles.get(chosen, chosen) or 'nothing'}")
    say(f"end of the chain: {found['chain_end']}")


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
