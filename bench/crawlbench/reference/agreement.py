"""How often two sessions or two matrices contradict each other (floor 4; pure).

A verdict flips if both sides answer, but differently: faster here and same there counts, an
`unclear` on either side does not. Shares are given by distance from 1, because nearly equal things
naturally flip more often.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from crawlbench.base.records import Quantity, Verdict

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    from crawlbench.base.records import Session

BANDS = (0.0, 0.02, 0.05, 0.1, 0.25, math.inf)
"""Distances from 1, as differences of times relative to the shorter one."""


@dataclass(frozen=True, slots=True)
class Said:
    """A verdict, and how far from equal the two were found."""

    verdict: Verdict
    estimate: float
    """Log ratio."""

    @property
    def is_answer(self) -> bool:
        """Whether the verdict answers the question."""
        return self.verdict in (Verdict.FASTER, Verdict.SLOWER, Verdict.SAME)


@dataclass(frozen=True, slots=True)
class Band:
    """The verdicts that two sides share at a certain distance from 1."""

    nearest: float
    """As a share: 0.05 is 5 %."""
    farthest: float
    pairs: int
    """Pairs with a verdict of any kind on both sides."""
    answered: int
    """Those of them with an answer on both sides."""
    flipped: int
    """Those of them whose answers differ."""
    reversed: int
    """Those of them that are faster on one side and slower on the other."""

    @property
    def share(self) -> float | None:
        """Share of the answered pairs that flipped; None if none were answered."""
        return self.flipped / self.answered if self.answered else None


def said_by(session: Session) -> dict[Hashable, Said]:
    """Return a judged session's verdicts by time on all of its pairs."""
    return {
        (one.cell, one.baseline): Said(one.verdict, one.estimate)
        for one in session.comparisons
        if one.quantity is Quantity.TIME and one.estimate is not None
    }


def find_agreement(
    sides: Iterable[tuple[Mapping[Hashable, Said], Mapping[Hashable, Said]]],
) -> list[Band]:
    """Return how often verdicts that two sides share flip between them, by distance from 1."""
    shared = [(one[key], other[key]) for one, other in sides for key in one if key in other]
    bands = []
    for low, high in pairwise(BANDS):
        within = [pair for pair in shared if low <= _distance(*pair) < high]
        answered = [pair for pair in within if all(one.is_answer for one in pair)]
        flipped = [pair for pair in answered if pair[0].verdict is not pair[1].verdict]
        turned = sum(_is_reversed(*pair) for pair in flipped)
        bands.append(Band(low, high, len(within), len(answered), len(flipped), turned))
    return bands


def _is_reversed(one: Said, other: Said) -> bool:
    return {one.verdict, other.verdict} == {Verdict.FASTER, Verdict.SLOWER}


def _distance(one: Said, other: Said) -> float:
    # By the mean of both, so that neither side alone chooses the band.
    return math.expm1(abs(one.estimate + other.estimate) / 2)
