"""What is known of topics, rounds and stories: for the pages here and for the rooms above."""

from __future__ import annotations

from app.topics.queries.results import Result, published, result
from app.topics.queries.rounds import (
    RoundCard,
    RoundTurnout,
    Running,
    notices,
    number_and_state,
    open_round,
    round_card,
    rounds_turnout,
    running,
    turnout,
)
from app.topics.queries.stories import Story, totals, winners
from app.topics.queries.turnouts import RollState, Turnout, own_ballot, roll_state

__all__ = [
    "Result",
    "RollState",
    "RoundCard",
    "RoundTurnout",
    "Running",
    "Story",
    "Turnout",
    "notices",
    "number_and_state",
    "open_round",
    "own_ballot",
    "published",
    "result",
    "roll_state",
    "round_card",
    "rounds_turnout",
    "running",
    "totals",
    "turnout",
    "winners",
]
