"""What a session could have seen, and what would settle it (floor 2; pure)."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

from crawlbench.stats.sequence import Moments

if TYPE_CHECKING:
    from crawlbench.stats.evidence import Evidence, Look

__all__ = ["POWER", "detectable", "more_rounds"]

POWER = 0.8
"""Chance with which a difference that is called detectable is found."""
MAX_ROUNDS = 1000
"""Beyond this the advice is to ask a coarser question."""


def detectable(evidence: Evidence, look: Look, beyond: float, level: float) -> float | None:
    """Return the log ratio from which on a difference would have been found, with a chance of 80 %.

    Args:
        evidence: on one pair, equal or not.
        look: by which it was judged.
        beyond: what a difference must exceed.
        level: error that Holm's step gave the pair.
    """
    half = look.half_width(_moments(evidence, evidence.rounds), level)
    if math.isinf(half):
        return None
    return beyond + half + NormalDist().inv_cdf(POWER) * evidence.error


def more_rounds(
    evidence: Evidence, look: Look, margin: float, widening: float, level: float
) -> int | None:
    """Return about how many more rounds would settle a pair, if its mean stays where it is.

    None if it lies so near to the margin that a thousand would not.
    """
    distance = abs(abs(evidence.mean) - margin) - widening
    if distance <= 0:
        return None
    count = evidence.rounds
    while look.half_width(_moments(evidence, count), level) > distance:
        count += max(1, count // 10)
        if count > MAX_ROUNDS:
            return None
    return max(1, count - evidence.rounds)


def _moments(evidence: Evidence, count: int) -> Moments:
    return Moments(count, evidence.mean, evidence.spread**2 * (count - 1))
