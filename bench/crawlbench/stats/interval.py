"""Student's t interval for the mean of a few rounds (floor 2; pure)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from crawlbench.base.records.ranges import END
from crawlbench.stats.student import t_quantile, t_tail

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Interval:
    """A range of log ratios, or of seconds, that contains the truth with a known confidence."""

    low: float
    high: float

    @classmethod
    def around(cls, mean: float, half_width: float) -> Interval:
        """Return the interval that extends so far on both sides; few rounds make it enormous."""
        return cls(mean, mean).widened(half_width)

    def widened(self, by: float) -> Interval:
        """Return the interval with both ends moved outwards."""
        return self.stretched(Interval(-by, by))

    def stretched(self, reach: Interval) -> Interval:
        """Return the interval with its ends moved outwards as far as the other's lie from 0."""
        low, high = self.low + reach.low, self.high + reach.high
        # Seconds may lie beyond the bound already; what the interval contains, it keeps.
        return Interval(min(self.low, max(-END, low)), max(self.high, min(END, high)))

    def scaled(self, by: float) -> Interval:
        """Return the interval in another unit."""
        return Interval(self.low * by, self.high * by)

    def common(self, other: Interval) -> Interval:
        """Return what both share; if nothing, the other, since one of them must be wrong."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        return Interval(low, high) if low <= high else other


def union(intervals: Iterable[Interval]) -> Interval:
    """Return the smallest interval that contains all of them; there must be at least one."""
    found = list(intervals)
    return Interval(min(one.low for one in found), max(one.high for one in found))


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and its standard error.

    Source: Student 1908; Kalibera & Jones, ISMM 2013, for rounds as the unit of replication.
    Assumption: the rounds' values are independent and roughly normal. In simulations with drift the
    interval covers as promised from 5 rounds on, where a percentile bootstrap is too narrow.
    """

    count: int
    """Rounds, at least two."""
    mean: float
    error: float
    """Standard error of the mean."""
    freedom: float
    """Degrees of freedom of the error."""

    def half_width(self, confidence: float) -> float:
        """Return half the width of the two-sided interval at that confidence.

        Two rounds that differ may leave open more than a float holds as a ratio; that has an end.
        """
        return min(END, t_quantile((1 + confidence) / 2, self.freedom) * self.error)

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return the ends of the two-sided interval, the lower one first."""
        found = Interval.around(self.mean, self.half_width(confidence))
        return found.low, found.high

    def p_value(self, truth: float) -> float:
        """Return the two-sided p value of "the mean is this"."""
        distance = abs(self.mean - truth)
        if not self.error:
            return 0.0 if distance else 1.0
        return min(1.0, 2 * t_tail(distance / self.error, self.freedom))


def estimate_mean(values: Sequence[float]) -> Estimate | None:
    """Return the estimate from one value per round, or None if there are fewer than two."""
    if len(values) < 2:
        return None
    error = stdev(values) / math.sqrt(len(values))
    return Estimate(len(values), fmean(values), error, len(values) - 1)


def difference(first: Estimate, second: Estimate) -> Estimate:
    """Return the estimate of the second mean less the first, from independent rounds.

    Source: Welch, "The generalization of Student's problem", Biometrika 34, 1947. The variances may
    differ.
    """
    error, freedom = add_errors((one.error**2, one.freedom) for one in (first, second))
    return Estimate(min(first.count, second.count), second.mean - first.mean, error, freedom)


def add_errors(parts: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """Return the standard error of a sum of independent parts, and its degrees of freedom.

    Source: Satterthwaite, Biometrics Bulletin 2, 1946.

    Args:
        parts: at least one, each with its variance and the degrees of freedom of that.
    """
    known = list(parts)
    total = math.fsum(variance for variance, _ in known)
    spread = math.fsum(variance**2 / freedom for variance, freedom in known)
    # Where no part varies, the formula is 0 / 0.
    freedom = total**2 / spread if spread else min(freedom for _, freedom in known)
    return math.sqrt(total), freedom
