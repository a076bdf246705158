"""What ends a session: a number of rounds, a time, or a precision (floor 3)."""

from __future__ import annotations

from typing import TypedDict

from crawlbench.base.records import Stopping

__all__ = ["MANY_ROUNDS", "Ends", "session_ends"]

MANY_ROUNDS = 200
"""Limit of rounds if a precision or a budget is given, but no number of rounds."""


class Ends(TypedDict):
    """What ends a session, under the names of a suite; None keeps the suite's value."""

    rounds: int | None
    budget_s: float | None
    precision_percent: float | None
    stopping: Stopping | None


def session_ends(rounds: int | None, budget: float | None, precision: float | None) -> Ends:
    """Return the options that say when a session ends, under the names of a suite.

    A number of rounds that was fixed beforehand allows one look, by Student's t. A session that
    ends because of what it finds is looked at after each round.
    """
    is_fixed = rounds is not None and precision is None
    if rounds is None and (precision is not None or budget is not None):
        rounds = MANY_ROUNDS
    stopping = Stopping.FIXED if is_fixed else None
    if rounds is not None and not is_fixed:
        stopping = Stopping.ANY
    return {
        "rounds": rounds,
        "budget_s": budget,
        "precision_percent": precision,
        "stopping": stopping,
    }
