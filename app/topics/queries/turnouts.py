"""Who may vote in a round and who did, in sum and for one person; never for what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.membership.models import Gift, Pledge, SignUp
from app.topics.models import (
    Ballot,
    BallotMark,
    RollCount,
    RollEntry,
    Round,
    RoundOption,
    TopicFollow,
)


@dataclass(frozen=True, slots=True)
class Turnout:
    """Who may vote in a round and how many did; never for what."""

    frozen: int
    """on the roll at opening"""
    late: int
    """appended since"""
    removed: int
    """taken off after a refund or dispute"""
    voted: int

    @property
    def roll(self) -> int:
        return self.frozen + self.late - self.removed


@dataclass(frozen=True, slots=True)
class RollState:
    """How one person stands in one round."""

    standing: str
    """voter (may vote), voted (and may change), removed (refund or dispute), waiting (the first
    payment is on its way), none"""
    late: bool = False
    reason: str | None = None
    patron_since: datetime | None = None

    @property
    def may_vote(self) -> bool:
        return self.standing in {"voter", "voted"}


@dataclass(frozen=True, slots=True)
class OwnBallot:
    """What a person saved, while the round runs."""

    marked: frozenset[int]
    """ids of topics"""
    wants_mail: bool


def of_round(session: Session, round_: Round) -> Turnout:
    """A closed round's figures stand in its row; of a running one the database keeps count."""
    frozen = round_.roll_frozen or 0
    if round_.state == "closed":
        voted = (round_.counted or 0) + (round_.blank or 0)
        return Turnout(frozen, round_.roll_late or 0, round_.roll_removed or 0, voted)

    kept = session.execute(
        sa.select(
            sa.func.sum(RollCount.late),
            sa.func.sum(RollCount.removed),
            sa.func.sum(RollCount.voted),
        ).where(RollCount.round_id == round_.id)
    ).one()
    late, removed, voted = (int(count or 0) for count in kept)
    return Turnout(frozen, late, removed, voted)


def roll_state(session: Session, round_id: int, account_id: int) -> RollState:
    """Whether this person may vote in a round, whether they did, and why not."""
    entry = session.get(RollEntry, (round_id, account_id))
    pledges = session.execute(
        sa.select(
            sa.func.min(Pledge.started_at).label("since"),
            sa.func.max(sa.case((Pledge.state == "pending", 1), else_=0)).label("pending"),
        ).where(Pledge.account_id == account_id)
    ).one()
    if entry is None:
        waits = pledges.pending == 1 or _payment_on_its_way(session, account_id)
        return RollState("waiting" if waits else "none", patron_since=pledges.since)
    if entry.removed_at is not None:
        return RollState("removed", entry.late, entry.removed_reason, pledges.since)
    standing = "voted" if entry.voted else "voter"
    return RollState(standing, entry.late, patron_since=pledges.since)


def own_ballot(session: Session, round_id: int, account_id: int) -> OwnBallot | None:
    """This person's ballot in a running round; after closing it is nobody's."""
    rows = session.execute(
        sa.select(RoundOption.topic_id, TopicFollow.topic_id.label("followed"))
        .select_from(Ballot)
        .outerjoin(BallotMark, BallotMark.ballot_id == Ballot.id)
        .outerjoin(RoundOption, RoundOption.id == BallotMark.option_id)
        .outerjoin(
            TopicFollow,
            sa.and_(
                TopicFollow.topic_id == RoundOption.topic_id,
                TopicFollow.account_id == account_id,
                TopicFollow.round_id == round_id,
            ),
        )
        .where(Ballot.round_id == round_id, Ballot.account_id == account_id)
    ).all()
    if not rows:
        return None
    marked = frozenset(row.topic_id for row in rows if row.topic_id)
    return OwnBallot(marked, wants_mail=any(row.followed for row in rows))


def _payment_on_its_way(session: Session, account_id: int) -> bool:
    gift = sa.select(Gift.id).where(Gift.account_id == account_id, Gift.state == "pending")
    started = sa.select(SignUp.id).where(SignUp.account_id == account_id, SignUp.state == "pending")
    return session.scalar(sa.union_all(gift, started).limit(1)) is not None
