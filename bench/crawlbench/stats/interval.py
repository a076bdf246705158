"""Student's t interval for the mean of a few rounds (floor 2; pure)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from crawlbench.records.ranges import END

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Estimate", "difference", "estimate_mean"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and its standard error.

    Source: Student 1908; Kalibera & Jones, ISMM 2013, for rounds as the unit of replication.
    Assumption: the rounds' values are independent and roughly normal. Simulated with drift, the
    interval covers as it should from 5 rounds on, where a percentile bootstrap is too narrow.
    """

    count: int
    """Rounds, two at least."""
    mean: float
    error: float
    """Standard error of the mean."""
    freedom: float
    """Degrees of freedom of the error."""

    def half_width(self, confidence: float) -> float:
        """Return half the width of the two-sided interval at that confidence."""
        from scipy.special import stdtrit  # noqa: PLC0415  (a quarter of a second)

        quantile = float(stdtrit(self.freedom, (1 + confidence) / 2))
        return quantile * self.error

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return the ends of the two-sided interval, the lower one first."""
        half = self.half_width(confidence)  # of two rounds and many cells it may be enormous
        return max(-END, self.mean - half), min(END, self.mean + half)

    def p_beyond(self, margin: float) -> float:
        """Return the two-sided p value of "the mean lies within plus or minus margin".

        At most alpha if and only if the interval at 1 - alpha lies wholly beyond the margin.
        """
        from scipy.special import stdtr  # noqa: PLC0415  (a quarter of a second)

        excess = abs(self.mean) - margin
        if excess <= 0:
            return 1.0
        if not self.error:
            return 0.0
        return min(1.0, 2 * float(stdtr(self.freedom, -excess / self.error)))


def estimate_mean(values: Sequence[float]) -> Estimate | None:
    """Return the estimate from one value per round, or None if there are fewer than two."""
    if len(values) < 2:
        return None
    error = stdev(values) / math.sqrt(len(values))
    return Estimate(len(values), fmean(values), error, len(values) - 1)


def difference(first: Estimate, second: Estimate) -> Estimate:
    """Return the estimate of the second mean less the first, from independent rounds.

    Source: Welch, "The generalization of Student's problem", Biometrika 34, 1947: variances may
    differ, degrees of freedom by Satterthwaite.
    """
    variance = first.error**2 + second.error**2
    spread = first.error**4 / first.freedom + second.error**4 / second.freedom
    freedom = variance**2 / spread if spread else min(first.freedom, second.freedom)
    count = min(first.count, second.count)
    return Estimate(count, second.mean - first.mean, math.sqrt(variance), freedom)
