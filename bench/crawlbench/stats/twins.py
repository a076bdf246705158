"""How the twins of several sessions differ: it moves what is relative to them (floor 2; pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawlbench.stats.interval import estimate_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawlbench.stats.timeline import Point
    from crawlbench.stats.times import SessionTimes

CONFIDENCE = 0.95
"""That of the interval by which the twins of several sessions differ."""


@dataclass(frozen=True, slots=True)
class Twins:
    """How a group's twins differ in one session, in the unit of its points; see `Control`."""

    estimate: float | None
    """None where one of them has no value."""
    widening: float
    """0 if they may well be equal."""

    def scaled(self, by: float) -> Twins:
        """Return the same in another unit."""
        return Twins(None if self.estimate is None else self.estimate * by, self.widening * by)


NO_TWINS = Twins(None, 0.0)


def find_twins(times: SessionTimes, group: str) -> Twins:
    """Return how a session's twins differ, in the unit of its normalised values."""
    control = times.control(group)
    # What it costs to begin is normalised to crawls of the baseline.
    crawl_s = 1.0 if times.quantity.has_ratio else times.crawl_s(group)
    if control is None or not crawl_s:
        return NO_TWINS
    return Twins(control.estimate, control.widening).scaled(1 / crawl_s)


def bound_twins(before: Sequence[Point], after: Sequence[Point]) -> float:
    """Return how far the twins of both stretches could move the shift between them."""
    return sum(_widen([one.twins for one in stretch]) for stretch in (before, after))


def _widen(found: Sequence[Twins]) -> float:
    """Return by how much the twins of some sessions differ; 0 if they may well be equal.

    As over machines: in one session its rounds decide. In several, how sessions differ does, since
    what only some of them have is a part of their spread.
    """
    known = [one.estimate for one in found if one.estimate is not None]
    mean = estimate_mean(known)
    if mean is None:
        return max(one.widening for one in found)
    low, high = mean.interval(CONFIDENCE)
    return 0.0 if low <= 0 <= high else abs(mean.mean)
