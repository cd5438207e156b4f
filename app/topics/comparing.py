"""Which topics are like this one: words cut to five letters, order and endings aside.

Cutting is a crude stem that serves both languages: "ambulances" and "ambulance" meet in "ambul",
"лікарня" and "лікарні" in "лікар". The score is rapidfuzz's token_set_ratio, 0 to 100.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import sqlalchemy as sa
from rapidfuzz import fuzz, process
from sqlalchemy.orm import Session

from app.topics.models import UNPUBLISHED, Topic, TopicText

STEM = 5
SHORTEST_WORD = 3
ALIKE = 62
MOST_COMPARED = 2000
_WORD = re.compile(r"[^\W_]+")
_TOO_COMMON = frozenset(
    "about after all and any are but can city does for from get has have how into its more near "
    "not now off one our out over should that the their them then there they this was what when "
    "where which who why will with you your "
    "або але без був були вже для до його їх як яка які який коли куди між над наш не під про "
    "при та так там тут хто це цей чи чого чому що щоб".split()
)


@dataclass(frozen=True, slots=True)
class Similar:
    """A topic that is like another, and how much: 0 to 100."""

    id: int
    title: str
    language: str
    status: str
    score: int


def similar(session: Session, *, title: str, most: int = 5, besides: int = 0) -> list[Similar]:
    """The published topics whose titles are most like this one, in any language, best first."""
    wanted = stems(title)
    if not wanted:
        return []
    rows = _titles(session, besides)
    scored = process.extract(
        wanted,
        [stems(row.title) for row in rows],
        scorer=fuzz.token_set_ratio,
        score_cutoff=ALIKE,
        limit=most * 2,
    )
    best: dict[int, Similar] = {}
    for _, score, index in scored:
        row = rows[index]
        best.setdefault(row.id, Similar(row.id, row.title, row.language, row.status, round(score)))
    return list(best.values())[:most]


def stems(text: str) -> str:
    """The telling words of a text, in order, each cut to its first letters."""
    words = (word for word in _WORD.findall(text.casefold()) if len(word) >= SHORTEST_WORD)
    return " ".join(word[:STEM] for word in words if word not in _TOO_COMMON)


def _titles(session: Session, besides: int) -> list[sa.Row[tuple[int, str, str, str]]]:
    """Every title a reader may know, each language its own row, newest topics first."""
    shown = sa.and_(Topic.hidden.is_(False), Topic.status.not_in(UNPUBLISHED), Topic.id != besides)
    originals = sa.select(Topic.id, Topic.title, Topic.language, Topic.status).where(shown)
    others = (
        sa.select(Topic.id, TopicText.title, TopicText.language, Topic.status)
        .join(TopicText, TopicText.topic_id == Topic.id)
        .where(shown)
    )
    both = sa.union_all(originals, others).subquery()
    newest = sa.select(both).order_by(both.c.id.desc()).limit(MOST_COMPARED)
    return list(session.execute(newest))
