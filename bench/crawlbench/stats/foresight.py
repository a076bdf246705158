"""Which differences a session could have found, and what would settle the rest (floor 2; pure)."""

from __future__ import annotations

import math
from bisect import bisect_left
from functools import lru_cache
from statistics import NormalDist, stdev
from typing import TYPE_CHECKING

from crawlbench.base.records import Obstacle, Quantity
from crawlbench.stats.doubts import bound_shifts
from crawlbench.stats.index import Index
from crawlbench.stats.lengths import find_failures
from crawlbench.stats.pairing import log_ratios
from crawlbench.stats.question import ask_questions
from crawlbench.stats.sequence import Moments, sequence_half_width

if TYPE_CHECKING:
    from crawlbench.base.records import Comparison, Session
    from crawlbench.stats.evidence import Evidence, Inference

POWER = 0.8
"""Chance of finding a difference that is called detectable."""
MAX_ROUNDS = 1000
"""Beyond this, the advice is to ask a coarser question."""


def detectable(evidence: Evidence, look: Inference, beyond: float, level: float) -> float | None:
    """Return the smallest log ratio that would have been found, with a chance of 80 %.

    None if there are too few rounds for any difference to be found. Where there are doubts, the
    difference must be found with all of them taken off as well, in whichever direction it lies.

    Args:
        evidence: on one pair, whether equal or not.
        look: how it was judged.
        beyond: what a difference must exceed.
        level: the error level that Holm's procedure gave the pair.
    """
    half = look.half_width(_moments(evidence, evidence.rounds), level)
    if math.isinf(half):
        return None
    shift = max(map(abs, evidence.shifts.values()), default=0.0)
    return beyond + shift + half + NormalDist().inv_cdf(POWER) * evidence.error


def more_rounds(
    evidence: Evidence, look: Inference, margin: float, widening: float, level: float
) -> int | None:
    """Return about how many more rounds would settle a pair, if its mean stays where it is.

    None if it is so near to the margin that a thousand would not. What doubts add to the mean by
    chance gets smaller, too, so the mean that counts is the one without it.
    """
    distance = abs(abs(evidence.likely_mean) - margin) - widening
    if distance <= 0:
        return None
    counts = _counts(evidence.rounds)
    # More rounds only shrink the interval, so we find the first count that is enough by halving
    # instead of trying one after the other.
    place = bisect_left(
        counts,
        True,
        key=lambda count: (
            look.half_width(_moments(evidence, count), level) + evidence.luck / math.sqrt(count)
            <= distance
        ),
    )
    # The pair is open, so it needs a round even if the interval seems narrow enough already.
    return max(1, counts[place] - evidence.rounds) if place < len(counts) else None


def foresee(session: Session, group: str, wanted: float) -> list[int]:
    """Return, for each pair of a group, how many rounds it takes to find a difference (80 %).

    This assumes a look after each round, at the level of the strictest claim of a family, in the
    first step of Holm's procedure. A pair that would need more than a thousand counts as a
    thousand. The spread of a round is that of the session, and so are its doubts and what its twins
    differ by; the difference is a log ratio.
    """
    index, time = Index(session.rounds), Quantity.TIME
    failed = find_failures(session, time)
    judged = {
        frozenset((one.cell, one.baseline)): one
        for one in session.comparisons
        if one.quantity is time
    }
    control = session.control(group, time)
    beyond = session.plan.margin + (control.widening if control else 0.0)
    found = []
    for question in ask_questions(session):
        if question.group != group or question.quantity is not time:
            continue
        level = (1 - session.plan.confidence) / max(1, len(question.pairs))
        for one, other in question.pairs:
            values = log_ratios(index, one.without(failed), other.without(failed))
            if len(values) >= 2:
                shift = _shift_of(judged.get(frozenset((one.name, other.name))))
                found.append(_rounds_for(stdev(values), wanted - beyond - shift, level))
    return found


def _shift_of(found: Comparison | None) -> float:
    """Return how far doubts could move a pair; infinite where nothing is concluded of it."""
    if found is None:
        return 0.0
    if found.obstacle is Obstacle.HALF:
        return math.inf
    return bound_shifts(size.shift for size in found.doubts)


def _rounds_for(spread: float, distance: float, level: float) -> int:
    count = 3
    while count < MAX_ROUNDS:
        moments = Moments(count, 0.0, spread**2 * (count - 1))
        power = NormalDist().inv_cdf(POWER) * moments.error
        if sequence_half_width(moments, level) + power <= distance:
            break
        count += max(1, count // 20)
    return min(count, MAX_ROUNDS)


@lru_cache(maxsize=256)
def _counts(first: int) -> tuple[int, ...]:
    """Return the counts of rounds to try, in steps of a tenth; always including the first."""
    counts = [first]
    while (after := counts[-1] + max(1, counts[-1] // 10)) <= MAX_ROUNDS:
        counts.append(after)
    return tuple(counts)


def _moments(evidence: Evidence, count: int) -> Moments:
    return Moments(count, evidence.mean, evidence.spread**2 * (count - 1))
