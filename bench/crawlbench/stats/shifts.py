"""Finds where a series changes, even if neighbouring sessions are alike (floor 2; pure)."""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING

from crawlbench.stats.interval import Estimate, difference, estimate_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

MIN_SIDE = 3
"""Sessions on each side of a change: fewer cannot be told from one odd session."""


def find_shifts(values: Sequence[float], margin: float, level: float) -> list[tuple[int, Estimate]]:
    """Return the places from which on a series is different, and by how much it shifts there.

    Binary segmentation finds candidates as if sessions were independent. They are not: half of the
    series of 30 sessions with a correlation of 0.8 between neighbours would show a change where
    there is none. So each candidate must also hold given the correlation that remains between
    neighbours within segments; the weakest that does not is dropped, and the others are tested
    again.

    Args:
        values: one for each session, in order of time.
        margin: a shift up to this does not matter; in the unit of the values.
        level: error level of each test.
    """
    places = sorted(_split(values, 0, margin, level))
    while places:
        found = _hold(values, places)
        p_values = [_p_beyond(shift, margin) for shift in found]
        if max(p_values) <= level:
            return list(zip(places, found, strict=True))
        # One at a time: without it its two segments become one, which changes the correlation and
        # all other tests.
        places.pop(p_values.index(max(p_values)))
    return []


def _split(values: Sequence[float], start: int, margin: float, level: float) -> list[int]:
    """Return where a stretch changes if its sessions are taken as independent."""
    best: tuple[float, int] | None = None
    # The level stays the same in each part: whoever asks has divided it by all places already.
    for place in range(MIN_SIDE, len(values) - MIN_SIDE + 1):
        shift = _shift(values[:place], values[place:])
        distance = abs(shift.mean) / shift.error if shift.error else math.inf
        if _p_beyond(shift, margin) <= level and (best is None or distance > best[0]):
            best = (distance, place)
    if best is None:
        return []
    place = best[1]
    return [
        start + place,
        *_split(values[:place], start, margin, level),
        *_split(values[place:], start + place, margin, level),
    ]


def _hold(values: Sequence[float], places: Sequence[int]) -> list[Estimate]:
    """Return the shift at each place, between its two segments, allowing for correlation.

    Where neighbours are correlated by r, n sessions tell as much as n (1 - r) / (1 + r) independent
    ones (Bartlett, J. R. Statist. Soc. 98, 1935).
    """
    ends = [0, *places, len(values)]
    parts = [values[one:two] for one, two in pairwise(ends)]
    correlation = _neighbours_correlation(parts)
    worth = (1 - correlation) / (1 + correlation)
    shifts = []
    for before, after in pairwise(parts):
        plain = _shift(before, after)
        freedom = max(1.0, (len(before) + len(after)) * worth - 2)
        error = plain.error / math.sqrt(worth)
        shifts.append(Estimate(plain.count, plain.mean, error, min(plain.freedom, freedom)))
    return shifts


def _shift(before: Sequence[float], after: Sequence[float]) -> Estimate:
    left, right = estimate_mean(before), estimate_mean(after)
    assert left
    assert right
    return difference(left, right)


def _p_beyond(shift: Estimate, margin: float) -> float:
    """Return the p value of "the shift is no larger than the margin"."""
    return shift.p_value(math.copysign(margin, shift.mean)) if abs(shift.mean) > margin else 1.0


def _neighbours_correlation(parts: Sequence[Sequence[float]]) -> float:
    """Return the correlation of neighbours within segments, from 0 to 0.95.

    The usual estimate is too small by about (1 + 4 r) / n for each mean that is estimated (Kendall,
    Biometrika 41, 1954). This is solved for r, with as many means as there are segments.
    """
    residuals = [[value - fmean(part) for value in part] for part in parts]
    total = sum(value**2 for part in residuals for value in part)
    if not total:
        return 0.0
    found = sum(one * two for part in residuals for one, two in pairwise(part)) / total
    bias = len(parts) / sum(map(len, parts))
    if 4 * bias >= 0.5:  # too few to solve it: the solution would be all noise
        return min(0.95, max(0.0, found + bias))
    # Never 1, at which sessions would be worth nothing, and never below 0: neighbours that
    # alternate by chance do not make sessions worth more.
    return min(0.95, max(0.0, (found + bias) / (1 - 4 * bias)))
